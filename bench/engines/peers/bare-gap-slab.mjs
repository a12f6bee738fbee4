/** A gap buffer with a message per edit, each a view into a slab that many share: a floor. */
import { barePeer } from './bare-replica.mjs'
import { carve } from './slab.mjs'

export const peer = barePeer('bare-gap-slab', carve)

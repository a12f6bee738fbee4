/** A gap buffer with a message per edit, each in bytes of its own. No identity, no causality, no merge: a floor. */
import { barePeer } from './bare-replica.mjs'

export const peer = barePeer('bare-gap', (scratch, length) => scratch.slice(0, length))

/** Yjs with updates of version 1, its default. Sets, counters and registers are entries of a Y.Map. */
import * as Y from 'yjs'
import { yjsPeer } from './yjs-replica.mjs'

export const peer = yjsPeer({
  name: 'yjs',
  event: 'update',
  apply: Y.applyUpdate,
  encode: Y.encodeStateAsUpdate,
  source: "export { Doc, applyUpdate, encodeStateAsUpdate } from 'yjs'",
})

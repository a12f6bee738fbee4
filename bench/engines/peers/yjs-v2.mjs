/** Yjs with updates of version 2, which are columnar. */
import * as Y from 'yjs'
import { yjsPeer } from './yjs-replica.mjs'

export const peer = yjsPeer({
  name: 'yjs-v2',
  event: 'updateV2',
  apply: Y.applyUpdateV2,
  encode: Y.encodeStateAsUpdateV2,
  source: "export { Doc, applyUpdateV2, encodeStateAsUpdateV2 } from 'yjs'",
})

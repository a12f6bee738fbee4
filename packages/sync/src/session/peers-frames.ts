/** Who is in a document, in as many frames as it takes: many are more than one may hold. */
import type { Peers } from './frames.ts'
import { frameOverheadBytes, peerBytes } from './limits.ts'

/** @param frameBytesMax bytes of one frame. What is beside the states takes less than the overhead of a frame. */
export function* peersFrames({ handle, peers }: Omit<Peers, 'kind'>, frameBytesMax: number): Generator<Peers> {
  const bytesMax = frameBytesMax - frameOverheadBytes
  let [from, bytes] = [0, 0]
  for (const [i, { state }] of peers.entries()) {
    const size = state.length + peerBytes
    if (bytes > 0 && bytes + size > bytesMax) {
      yield { kind: 'peers', handle, peers: peers.slice(from, i) }
      from = i
      bytes = 0
    }
    bytes += size
  }
  yield { kind: 'peers', handle, peers: peers.slice(from) }
}

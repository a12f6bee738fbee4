/** Messages as views into blocks that many share: the cheapest way to give out bytes. */
const SLAB_BYTES = 65_536

let slab = new Uint8Array(SLAB_BYTES)
let at = 0

/** The first bytes of a scratch buffer, in a place of their own. */
export function carve(scratch, length) {
  if (length > SLAB_BYTES / 4) return scratch.slice(0, length)
  if (at + length > SLAB_BYTES) {
    slab = new Uint8Array(SLAB_BYTES)
    at = 0
  }
  const view = slab.subarray(at, at + length)
  for (let i = 0; i < length; i += 1) view[i] = scratch[i]
  at += length
  return view
}

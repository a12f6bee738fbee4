import { compareUtf8 } from '@joinery/core'

/** Index of the first id that is not before this one, in an array ascending by UTF-8 bytes. */
export function lowerBound(ids: readonly string[], id: string): number {
  let low = 0
  let high = ids.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (compareUtf8(ids[middle]!, id) < 0) low = middle + 1
    else high = middle
  }
  return low
}

/** Several changes in one block, in causal order: `kind  count  blocks`. */
import { writeBlock } from '../codec/blocks.ts'
import { plainBytes, Reader } from '../codec/reader.ts'
import { Writer } from '../codec/writer.ts'
import { KIND_BUNDLE, readKind } from '../kernel/frame.ts'
import * as limits from '../limits.ts'
import { type Change, type ChangeHeader, openChange } from './change.ts'
import type { ApplyResult } from './doc-types.ts'

export function encodeBundle(changes: readonly Uint8Array[]): Uint8Array {
  const writer = new Writer(changes.reduce((sum, bytes) => sum + bytes.length + 5, 16))
  writer.byte(KIND_BUNDLE)
  writer.varint(changes.length)
  for (const bytes of changes) writeBlock(writer, bytes)
  return writer.finish()
}

/** The bytes of the changes of a bundle, as views. */
export function readBundle(bytes: Uint8Array): Uint8Array[] {
  const bounds = boundsIn(bytes)
  const plain = plainBytes(bytes)
  return Array.from({ length: bounds.length / 2 }, (_, i) => plain.subarray(bounds[2 * i], bounds[2 * i + 1]))
}

/** Where each change of a bundle begins and ends: of many changes a view of each would cost more than reading it. */
export function boundsIn(bytes: Uint8Array): Int32Array {
  const reader = new Reader(bytes)
  if (readKind(reader) !== KIND_BUNDLE) reader.invalid('another kind')
  const bounds = new Int32Array(2 * reader.count(40))
  for (let i = 0; i < bounds.length; i += 2) {
    const size = reader.varint(limits.changeBytesMax)
    bounds[i] = reader.at
    reader.skip(size)
    bounds[i + 1] = reader.at
  }
  reader.finish()
  return bounds
}

/** The changes of a bundle from one on, each in bytes of its own: they may wait for long. */
export function changesIn(bundle: Uint8Array, bounds: Int32Array, from = 0): Change[] {
  const changes: Change[] = []
  for (let i = from; i < bounds.length; i += 2) changes.push(openChange(bundle.slice(bounds[i], bounds[i + 1])))
  return changes
}

/** What became of a bundle whose first changes were applied one by one. Their headers are read again by who wants them. */
export function bundleResult(bundle: Uint8Array, bounds: Int32Array, rest: ApplyResult): ApplyResult {
  let headers: readonly ChangeHeader[] | undefined
  return {
    ...rest,
    changed: true,
    get applied() {
      headers ??= [...changesIn(bundle, bounds).map(({ header }) => header), ...rest.applied]
      return headers
    },
  }
}

/** Several changes in one block, in causal order: `kind  count  blocks`. */
import { writeBlock } from '../codec/blocks.ts'
import { Reader } from '../codec/reader.ts'
import { Writer } from '../codec/writer.ts'
import { KIND_BUNDLE, readKind } from '../kernel/frame.ts'
import * as limits from '../limits.ts'

export function encodeBundle(changes: readonly Uint8Array[]): Uint8Array {
  const writer = new Writer(changes.reduce((sum, bytes) => sum + bytes.length + 5, 16))
  writer.byte(KIND_BUNDLE)
  writer.varint(changes.length)
  for (const bytes of changes) writeBlock(writer, bytes)
  return writer.finish()
}

/** The bytes of the changes of a bundle, as views. */
export function readBundle(bytes: Uint8Array): Uint8Array[] {
  const reader = new Reader(bytes)
  if (readKind(reader) !== KIND_BUNDLE) reader.invalid('another kind')
  const changes: Uint8Array[] = []
  for (let count = reader.count(40); count > 0; count -= 1) {
    changes.push(reader.view(reader.varint(limits.changeBytesMax)))
  }
  reader.finish()
  return changes
}

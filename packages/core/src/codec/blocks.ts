/** Length-prefixed bytes. */
import type { Reader } from './reader.ts'
import type { Writer } from './writer.ts'

export function writeBlock(writer: Writer, bytes: Uint8Array): void {
  writer.varint(bytes.length)
  writeBytes(writer, bytes)
}

/** Bytes as they are. */
export function writeBytes(writer: Writer, bytes: Uint8Array): void {
  const count = bytes.length
  writer.reserve(count)
  const { bytes: into, length } = writer
  // A loop beats the platform call for the small blocks that most changes are.
  if (count <= 128) for (let i = 0; i < count; i += 1) into[length + i] = bytes[i] as number
  else into.set(bytes, length)
  writer.length = length + count
}

/** A copy of the next block. */
export function readBlock(reader: Reader, bytesMax: number): Uint8Array {
  return reader.view(reader.varint(bytesMax)).slice()
}

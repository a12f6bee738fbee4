/** Length-prefixed bytes. */
import type { Reader } from './reader.ts'
import type { Writer } from './writer.ts'

export function writeBlock(writer: Writer, bytes: Uint8Array): void {
  writer.varint(bytes.length)
  writer.put(bytes)
}

/** A copy of the next block. */
export function readBlock(reader: Reader, bytesMax: number): Uint8Array {
  return reader.view(reader.varint(bytesMax)).slice()
}

/** Numbers other than varints. */
import type { Reader } from './reader.ts'
import type { Writer } from './writer.ts'

/** An integer of magnitude below 2^52, small magnitudes short whatever the sign (zigzag). */
export function writeSigned(writer: Writer, value: number): void {
  writer.varint(value < 0 ? -2 * value - 1 : 2 * value)
}

export function readSigned(reader: Reader): number {
  const value = reader.varint()
  return value % 2 === 1 ? -(value + 1) / 2 : value / 2
}

const float = new DataView(new ArrayBuffer(8))

/** Four bytes, least significant first. */
export function writeUint32(writer: Writer, value: number): void {
  for (let shift = 0; shift < 32; shift += 8) writer.byte((value >>> shift) & 255)
}

export function readUint32(reader: Reader): number {
  const { bytes, at } = reader
  reader.skip(4)
  const low = (bytes[at] as number) | ((bytes[at + 1] as number) << 8) | ((bytes[at + 2] as number) << 16)
  return (low | ((bytes[at + 3] as number) << 24)) >>> 0
}

/** IEEE 754 double, least significant byte first. */
export function writeFloat64(writer: Writer, value: number): void {
  float.setFloat64(0, value, true)
  for (let i = 0; i < 8; i += 1) writer.byte(float.getUint8(i))
}

export function readFloat64(reader: Reader): number {
  const { buffer, byteOffset, byteLength } = reader.view(8)
  return new DataView(buffer, byteOffset, byteLength).getFloat64(0, true)
}

/** As much of DER (X.690) as a certificate takes. */

/** Tags of the values that are written here. */
export const derTag = {
  integer: 0x02,
  bitString: 0x03,
  objectId: 0x06,
  utf8String: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
  /** What is tagged 0 by its place. */
  context0: 0xa0,
} as const

/** One value: tag, length, content. */
export function der(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const content = Buffer.concat(parts)
  return Buffer.concat([Uint8Array.of(tag), lengthOf(content.length), content])
}

export function derText(tag: number, text: string): Uint8Array {
  return der(tag, Buffer.from(text, 'utf8'))
}

/** Lengths from 128 on are written behind a byte that says how many bytes they take. */
function lengthOf(length: number): Uint8Array {
  if (length < 128) return Uint8Array.of(length)
  const bytes: number[] = []
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256)
  return Uint8Array.of(0x80 | bytes.length, ...bytes)
}

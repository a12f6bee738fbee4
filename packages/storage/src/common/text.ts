/** Text as SQLite stores it here: UTF-8 in a BLOB, whose order is the order of the bytes and which may hold any character. */
export function toBytes(text: string): Uint8Array {
  return Buffer.from(text, 'utf8')
}

export function toText(bytes: Uint8Array): string {
  // Not `TextDecoder`, which drops a leading U+FEFF.
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
}

/** The range `[from, to)` of byte strings that begin with the text. */
export function prefixRange(prefix: string): { readonly from: Uint8Array; readonly to: Uint8Array } {
  const from = toBytes(prefix)
  // No UTF-8 byte is 0xff: it lies above every text, and a last byte can always be raised by one.
  if (from.length === 0) return { from, to: Uint8Array.of(0xff) }
  const to = Uint8Array.from(from)
  to[to.length - 1]! += 1
  return { from, to }
}

/** The smallest byte string above the text. */
export function successor(text: string): Uint8Array {
  return toBytes(`${text}\0`)
}

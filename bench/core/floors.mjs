/** Hand-written bytes: what a program does that writes just this record, and trusts what it reads. */

/** `{ string, varint }`: length, ASCII code units, count. */
export function writeRecord({ id, count }) {
  const length = id.length
  const bytes = new Uint8Array(length + 1 + varintLength(count))
  bytes[0] = length
  for (let i = 0; i < length; i += 1) bytes[i + 1] = id.charCodeAt(i)
  writeVarint(bytes, length + 1, count)
  return bytes
}

function varintLength(value) {
  let length = 1
  for (let rest = value; rest > 127; rest = Math.floor(rest / 128)) length += 1
  return length
}

export function readRecord(bytes) {
  const length = bytes[0]
  let id = ''
  for (let i = 1; i <= length; i += 1) id += String.fromCharCode(bytes[i])
  return { id, count: readVarint(bytes, length + 1) }
}

function writeVarint(bytes, from, value) {
  let at = from
  let rest = value
  while (rest > 127) {
    bytes[at++] = (rest % 128) | 128
    rest = Math.floor(rest / 128)
  }
  bytes[at] = rest
}

function readVarint(bytes, from) {
  let at = from
  let value = 0
  let scale = 1
  while (bytes[at] > 127) {
    value += (bytes[at++] & 127) * scale
    scale *= 128
  }
  return value + bytes[at] * scale
}

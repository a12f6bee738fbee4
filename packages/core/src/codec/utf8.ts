/**
 * UTF-8, strict in both directions. `core` is compiled without platform types, so the two names every runtime has are
 * declared here and nowhere else.
 */
import { refuse } from '../errors.ts'

declare const TextDecoder: new (
  label: string,
  options: { fatal: boolean; ignoreBOM: boolean },
) => { decode(bytes: Uint8Array): string }
declare const TextEncoder: new () => {
  encodeInto(text: string, into: Uint8Array): { read: number; written: number }
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const encoder = new TextEncoder()

/** True when the text has no lone surrogate, and therefore a UTF-8 form. */
export function isWellFormed(text: string): boolean {
  return (text as unknown as { isWellFormed(): boolean }).isWellFormed()
}

/** Writes well-formed text and returns how many bytes it took. Room for 3 bytes per code unit is the caller's duty. */
export function writeUtf8(text: string, into: Uint8Array, at: number): number {
  const units = text.length
  // A loop beats the platform call for the short strings that keys and ids are.
  if (units < 64) {
    let i = 0
    while (i < units) {
      const unit = text.charCodeAt(i)
      if (unit > 127) break
      into[at + i] = unit
      i += 1
    }
    if (i === units) return units
  }
  return encoder.encodeInto(text, into.subarray(at)).written
}

/** Reads UTF-8 and refuses what is not. */
export function readUtf8(bytes: Uint8Array, from: number, to: number): string {
  if (to - from < 24) {
    let text = ''
    let i = from
    while (i < to) {
      const byte = bytes[i] as number
      if (byte > 127) break
      text += String.fromCharCode(byte)
      i += 1
    }
    if (i === to) return text
  }
  try {
    return decoder.decode(bytes.subarray(from, to))
  } catch {
    return refuse('CORE_DECODE_INVALID', `not UTF-8 at byte ${from}`)
  }
}

/** The text with U+FFFD in place of each lone surrogate. */
export function toWellFormed(text: string): string {
  return (text as unknown as { toWellFormed(): string }).toWellFormed()
}

/**
 * Writes text that may hold lone surrogates, each as the three bytes its value would take (WTF-8, Sapin): a text whose
 * surrogate pair others have cut is carried on as it is. Room for 3 bytes per code unit is the caller's duty.
 */
export function writeWtf8(text: string, into: Uint8Array, at: number): number {
  if (isWellFormed(text)) return writeUtf8(text, into, at)
  let to = at
  for (const character of text) {
    const unit = character.charCodeAt(0)
    if (character.length === 1 && unit >= 0xd800 && unit < 0xe000) {
      into[to] = 0xed
      into[to + 1] = 0x80 | ((unit >>> 6) & 63)
      into[to + 2] = 0x80 | (unit & 63)
      to += 3
    } else to += writeUtf8(character, into, to)
  }
  return to - at
}

/** Reads what `writeWtf8` writes, and refuses a pair in two parts, which has a shorter form. */
export function readWtf8(bytes: Uint8Array, from: number, to: number): string {
  let text = ''
  let start = from
  for (let i = bytes.indexOf(0xed, from); i >= 0 && i + 2 < to; i = bytes.indexOf(0xed, i + 1)) {
    const second = bytes[i + 1] as number
    const third = bytes[i + 2] as number
    if (second < 0xa0 || second > 0xbf || third < 0x80 || third > 0xbf) continue
    text += readUtf8(bytes, start, i)
    const unit = 0xd000 | ((second & 63) << 6) | (third & 63)
    const before = text.charCodeAt(text.length - 1)
    if (unit >= 0xdc00 && before >= 0xd800 && before < 0xdc00) {
      refuse('CORE_DECODE_INVALID', `surrogate pair in two parts at byte ${i}`)
    }
    text += String.fromCharCode(unit)
    start = i + 3
  }
  return text + readUtf8(bytes, start, to)
}

/** Order of two well-formed strings by their UTF-8 bytes, which is the order of their code points. */
export function compareUtf8(a: string, b: string): number {
  const shared = Math.min(a.length, b.length)
  for (let i = 0; i < shared; i += 1) {
    const x = a.charCodeAt(i)
    const y = b.charCodeAt(i)
    if (x !== y) {
      // Surrogates stand for code points above every other unit, though their own value is below U+E000.
      const xHigh = x >= 0xd800 && x < 0xe000
      const yHigh = y >= 0xd800 && y < 0xe000
      return xHigh === yHigh ? x - y : xHigh ? 1 : -1
    }
  }
  return a.length - b.length
}

/** How many bytes the UTF-8 form of well-formed text takes. */
export function utf8Length(text: string): number {
  let bytes = 0
  for (const character of text) {
    const point = character.codePointAt(0) as number
    bytes += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4
  }
  return bytes
}

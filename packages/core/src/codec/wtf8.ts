/** Text that may hold lone surrogates, since whoever wrote it may have cut a pair (WTF-8, Sapin). */
import { refuse } from '../errors.ts'
import { isWellFormed, readUtf8, writeUtf8 } from './utf8.ts'

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
  try {
    return readUtf8(bytes, from, to)
  } catch {
    return readCut(bytes, from, to)
  }
}

/** Reads text in which there are lone surrogates, or which is damaged. */
function readCut(bytes: Uint8Array, from: number, to: number): string {
  let text = ''
  let start = from
  for (let i = from; i + 2 < to; i += 1) {
    const second = bytes[i + 1] as number
    const third = bytes[i + 2] as number
    if (bytes[i] !== 0xed || second < 0xa0 || second > 0xbf || third < 0x80 || third > 0xbf) continue
    text += readUtf8(bytes, start, i)
    const unit = 0xd000 | ((second & 63) << 6) | (third & 63)
    const before = text.charCodeAt(text.length - 1)
    if (unit >= 0xdc00 && before >= 0xd800 && before < 0xdc00) {
      refuse('CORE_DECODE_INVALID', `not canonical at byte ${i}`)
    }
    text += String.fromCharCode(unit)
    start = i + 3
  }
  return text + readUtf8(bytes, start, to)
}

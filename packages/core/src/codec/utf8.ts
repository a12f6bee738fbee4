/**
 * UTF-8, strict in both directions. `core` is compiled without platform types, so the names that every runtime has are
 * declared where they are used: here and in `utf16.ts`.
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

/** True for text that has no lone surrogate, and therefore a UTF-8 form. */
export function isWellFormed(text: unknown): boolean {
  return typeof text === 'string' && (text as unknown as { isWellFormed(): boolean }).isWellFormed()
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

/** Writes text into as many bytes as it has units. Answers false for text that is not all ASCII and finds no room. */
export function writeAscii(text: string, into: Uint8Array): boolean {
  return encoder.encodeInto(text, into).read === text.length
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

/** Order of two well-formed strings, or of their first units, by their UTF-8 bytes, which is the order of their code points. */
export function compareUtf8(a: string, b: string, aLength: number = a.length, bLength: number = b.length): number {
  const shared = Math.min(aLength, bLength)
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
  return aLength - bLength
}

/** Whether the UTF-8 form of well-formed text takes more than so many bytes. */
export function takesMore(text: string, bytesMax: number): boolean {
  // A code unit takes three bytes at most.
  if (text.length * 3 <= bytesMax) return false
  let bytes = 0
  for (const character of text) {
    const point = character.codePointAt(0) as number
    bytes += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4
  }
  return bytes > bytesMax
}

/** Checks of text that arrives in headers and paths, where every byte is possible. */
import { HttpError, type HttpErrorCode } from './errors.ts'

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it finds.
const control = /[\u0000-\u001f\u007f-\u009f]/
const strictUtf8 = new TextDecoder('utf-8', { fatal: true })

export interface TextRule {
  /** What it is, for the refusal. */
  readonly name: string
  readonly bytesMax: number
  readonly code?: HttpErrorCode
}

/** A header's value as text: Node hands out bytes as Latin-1, senders mean UTF-8. */
export function headerText(raw: string, rule: TextRule): string {
  let value: string
  try {
    value = strictUtf8.decode(Buffer.from(raw, 'latin1'))
  } catch (cause) {
    throw new HttpError(rule.code ?? 'ID_INVALID', `${rule.name} is not UTF-8`, { cause })
  }
  return checkText(value, rule)
}

/** A segment of a path, percent-decoded; nothing is guessed where the encoding is broken. */
export function segmentText(raw: string, rule: TextRule): string {
  let value: string
  try {
    value = decodeURIComponent(raw)
  } catch (cause) {
    throw new HttpError(rule.code ?? 'ID_INVALID', `${rule.name} is not percent-encoded UTF-8`, { cause })
  }
  return checkText(value, rule)
}

/** Whether a URL would mean another place by it. */
export function isDotSegment(value: string): boolean {
  return value === '.' || value === '..'
}

/** The same rule for text that came as such. */
export function isUsableText(value: string, bytesMax: number): boolean {
  const bytes = Buffer.byteLength(value)
  return bytes >= 1 && bytes <= bytesMax && !control.test(value)
}

function checkText(value: string, { name, bytesMax, code = 'ID_INVALID' }: TextRule): string {
  const bytes = Buffer.byteLength(value)
  if (bytes < 1 || bytes > bytesMax) throw new HttpError(code, `${name} has ${bytes} bytes; it takes 1 to ${bytesMax}`)
  if (control.test(value)) throw new HttpError(code, `${name} has a control character`)
  return value
}

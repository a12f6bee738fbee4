/** Assertions that need no test framework. */
import { CoreError, type CoreErrorCode } from '@joinery/core'

export function assert(held: boolean, message: string): asserts held {
  if (!held) throw new Error(message)
}

export function assertEqual(actual: unknown, expected: unknown, what: string): void {
  const a = JSON.stringify(actual)
  const b = JSON.stringify(expected)
  if (a !== b) throw new Error(`${what}\n  actual:   ${a}\n  expected: ${b}`)
}

export function assertBytes(actual: Uint8Array, expected: Uint8Array, what: string): void {
  if (equalBytes(actual, expected)) return
  throw new Error(`${what}\n  actual:   ${hex(actual)}\n  expected: ${hex(expected)}`)
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i += 1) if (a[i] !== b[i]) return false
  return true
}

export function hex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** The code with which `run` was refused; undefined when it was not. Anything but a refusal goes on being thrown. */
export function refusal(run: () => unknown): CoreErrorCode | undefined {
  try {
    run()
    return undefined
  } catch (error) {
    if (error instanceof CoreError) return error.code
    throw error
  }
}

/** The answer of `run`; undefined when it was refused with one of these codes. */
export function unlessRefused<T>(codes: readonly CoreErrorCode[], run: () => T): T | undefined {
  try {
    return run()
  } catch (error) {
    if (error instanceof CoreError && codes.includes(error.code)) return undefined
    throw error
  }
}

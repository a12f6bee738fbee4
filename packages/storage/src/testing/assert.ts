import type { StoreError, StoreErrorCode } from '@joinery/sync'

/**
 * The few assertions that the suite needs. Its own, so that it runs under every test runner and in browsers.
 */

/** Throws unless the two are the same plain data; byte arrays are compared by content. */
export function assertEqual<T>(actual: T, expected: T, what: string): void {
  if (isSame(actual, expected)) return
  throw new Error(`${what}\n  expected: ${show(expected)}\n  actual:   ${show(actual)}`)
}

export function assert(holds: boolean, what: string): void {
  if (!holds) throw new Error(what)
}

/** Throws unless the promise rejects with a `StoreError` of this code. */
export async function assertRefused(promise: Promise<unknown>, code: StoreErrorCode, what: string): Promise<void> {
  assertEqual(await outcomeOf(promise), code, what)
}

/** `stored` or the code of the refusal. Any other error is a fault of the adapter and passes through. */
export async function outcomeOf(promise: Promise<unknown>): Promise<StoreErrorCode | 'stored'> {
  try {
    await promise
    return 'stored'
  } catch (error) {
    // By name, not by class: the adapter may have another copy of the package.
    if (error instanceof Error && error.name === 'StoreError') return (error as StoreError).code
    throw error
  }
}

function isSame(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (a instanceof Uint8Array || b instanceof Uint8Array) return isSameBytes(a, b)
  if (Array.isArray(a) !== Array.isArray(b)) return false
  const keys = Object.keys(a)
  if (keys.length !== Object.keys(b).length) return false
  const [x, y] = [a as Record<string, unknown>, b as Record<string, unknown>]
  return keys.every((key) => Object.hasOwn(y, key) && isSame(x[key], y[key]))
}

function isSameBytes(a: unknown, b: unknown): boolean {
  if (!(a instanceof Uint8Array) || !(b instanceof Uint8Array)) return false
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i += 1) if (a[i] !== b[i]) return false
  return true
}

function show(value: unknown): string {
  const text = JSON.stringify(value, (_, part) => (part instanceof Uint8Array ? `bytes ${[...part]}` : part))
  return text === undefined ? String(value) : text
}

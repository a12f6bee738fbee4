/** Throws when a promise between modules is broken. Messages are constants, so that a check which holds costs a compare. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(`sequence: ${message}`)
}

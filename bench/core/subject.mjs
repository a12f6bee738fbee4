/** What the cases share. */
import { replicaId } from '../../packages/core/dist/index.js'
import { newActor } from '../../packages/core/dist/system.js'

/** The figures to beat, ns per operation: a Go implementation as measured, and a published claim for the same operations. */
export const reference = {
  'gcounter.increment': { measured: 16.5, claimed: 12.3 },
  'lww.set': { measured: 77, claimed: 15.7 },
  'orset.add': { measured: 3268, claimed: 28.1 },
  'ormap.set': { measured: 4542, claimed: 22.4 },
  'gcounter.encode': { measured: 460, claimed: 312 },
  'gcounter.decode': { measured: 1458, claimed: 445 },
}

export function actor(name = 'node1') {
  return newActor(replicaId(name))
}

/** Distinct strings, made beforehand and flat, so that no case pays for building them. */
export function strings(count, prefix = 'element') {
  const encoder = new TextEncoder()
  const decoder = new TextDecoder()
  return Array.from({ length: count }, (_, i) => decoder.decode(encoder.encode(`${prefix}-${i}`)))
}

export function expect(actual, expected, what) {
  if (actual !== expected) throw new Error(`${what}: ${actual} instead of ${expected}`)
}

export function expectBytes(bytes, what) {
  if (!(bytes instanceof Uint8Array) || bytes.length === 0) throw new Error(`${what}: no bytes`)
}

import { expect, test } from 'vitest'
import { TransferCache } from '../../src/live/transfer-cache.ts'

function setUp(bytesMax = 100) {
  const at = { nowMs: 0 }
  const cache = new TransferCache({ bytesMax, idleMsMax: 1_000, nowMs: () => at.nowMs })
  const document = cache.of({ tenant: 'acme', id: 'plan' })
  const keep = (transfer: string, bytes: number) =>
    document.keep({ payload: new Uint8Array(bytes), version: 1, transfer })
  const kept = (...names: string[]) => names.filter((name) => document.get(name) !== undefined)
  return { at, cache, document, keep, kept }
}

test('keeps up to its bound; the least recently used leaves first', () => {
  const { cache, document, keep, kept } = setUp()
  keep('a/1', 40)
  keep('a/2', 40)
  document.get('a/1')
  keep('a/3', 20)
  expect([cache.byteLength, kept('a/1', 'a/2', 'a/3')]).toEqual([100, ['a/1', 'a/2', 'a/3']])
  document.get('a/1')
  keep('a/4', 1)
  expect([cache.byteLength, kept('a/1', 'a/2', 'a/3', 'a/4')]).toEqual([61, ['a/1', 'a/3', 'a/4']])
})

test('what is larger than all, or has no name, is handed through', () => {
  const { cache, keep } = setUp()
  expect(keep('a/1', 101).payload.length).toBe(101)
  expect(keep('', 10).payload.length).toBe(10)
  expect(cache.byteLength).toBe(0)
})

test('the same name counts once', () => {
  const { cache, keep } = setUp()
  keep('a/1', 40)
  keep('a/1', 30)
  expect(cache.byteLength).toBe(30)
})

test('what nobody asked for in transferIdleMsMax is let go of, and not before', () => {
  const { at, cache, document, keep, kept } = setUp()
  keep('a/1', 10)
  keep('a/2', 10)
  at.nowMs = 500
  document.get('a/1')
  at.nowMs = 999
  cache.sweep()
  expect(cache.byteLength).toBe(20)
  at.nowMs = 1_000
  cache.sweep()
  expect([cache.byteLength, kept('a/1', 'a/2')]).toEqual([10, ['a/1']])
})

test('a life that ended takes its own with it', () => {
  const { cache, document, keep, kept } = setUp()
  keep('a/1', 10)
  keep('ab/1', 10)
  document.forget('a')
  expect([cache.byteLength, kept('a/1', 'ab/1')]).toEqual([10, ['ab/1']])
})

test('a name is of one document, whatever another one calls its own', () => {
  const { cache, document, keep, kept } = setUp()
  keep('a/1', 10)
  const others = [
    { tenant: 'other', id: 'plan' },
    { tenant: 'acme', id: 'plan\n' },
    { tenant: 'acme","plan', id: '' },
  ].map((key) => cache.of(key))
  for (const other of others) {
    expect(other.get('a/1')).toBeUndefined()
    other.keep({ payload: new Uint8Array(5), version: 1, transfer: 'a/1' })
    expect(document.get('a/1')?.payload.length).toBe(10)
    other.forget('a')
  }
  expect(kept('a/1')).toEqual(['a/1'])
})

import { afterEach, expect, it, vi } from 'vitest'
import { systemClock } from '../../src/system.ts'

afterEach(() => {
  vi.useRealTimers()
})

it('reads the wall clock once a turn, and again after 32 uses in one turn', async () => {
  vi.useFakeTimers({ now: 1000, toFake: ['Date'] })
  const clock = systemClock()
  expect(clock.now()).toBe(1_000_000)
  vi.setSystemTime(2000)
  const sameReading = Array.from({ length: 31 }, () => clock.now())
  expect(sameReading).toEqual(sameReading.map((_, i) => 1_000_001 + i))
  expect(clock.now()).toBe(2_000_000)
  vi.setSystemTime(3000)
  expect(clock.now()).toBe(2_000_001)
  await Promise.resolve()
  expect(clock.now()).toBe(3_000_000)
})

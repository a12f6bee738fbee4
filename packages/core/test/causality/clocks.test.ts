import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HybridClock, LamportClock, limits } from '../../src/index.ts'

describe('hybrid clock', () => {
  it('never repeats and never goes back, whatever the wall clock does', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.nat(5), fc.nat(10_000)), { minLength: 1 }), (walls) => {
        let wall = 0
        const clock = new HybridClock(() => wall)
        let before = -1
        for (wall of walls) {
          const now = clock.now()
          expect(now).toBeGreaterThan(before)
          expect(now).toBe(Math.max(wall * 1000, before + 1, 1))
          before = now
        }
      }),
    )
  })

  it('comes after every time it was told of and believes', () => {
    const clock = new HybridClock(() => 1000)
    clock.observe(1_000_000 + 500)
    expect(clock.now()).toBe(1_000_501)
    clock.observe(5)
    expect(clock.now()).toBe(1_000_502)
  })

  it('believes a time at the drift bound and not one microsecond more', () => {
    const bound = 1_000_000 + limits.clockDriftMsMax * 1000
    const clock = new HybridClock(() => 1000)
    expect([clock.believes(bound), clock.believes(bound + 1)]).toEqual([true, false])
    clock.observe(bound + 1)
    expect(clock.lastMicros).toBe(0)
    clock.observe(bound)
    expect(clock.now()).toBe(bound + 1)
    const strict = new HybridClock(() => 1000, { driftMsMax: 0 })
    expect([strict.believes(1_000_000), strict.believes(1_000_001)]).toEqual([true, false])
  })

  it('goes on after the last time before a restart, and takes fractions of milliseconds', () => {
    expect(new HybridClock(() => 1, { lastMicros: 5000 }).now()).toBe(5001)
    expect(new HybridClock(() => 1.2345).now()).toBe(1234)
  })
})

describe('Lamport clock', () => {
  it('is larger than everything it has heard of', () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.nat(100), { nil: undefined })), (events) => {
        const clock = new LamportClock()
        let largest = 0
        for (const heard of events) {
          if (heard === undefined) {
            expect(clock.tick()).toBe(largest + 1)
            largest += 1
          } else {
            clock.observe(heard)
            largest = Math.max(largest, heard)
          }
          expect(clock.time).toBe(largest)
        }
      }),
    )
    expect(new LamportClock(7).tick()).toBe(8)
  })
})

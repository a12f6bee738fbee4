import { StoreError } from '@joinery/sync'
import { describe, expect, test } from 'vitest'
import { defaultQueueLimits } from '../src/common/limits.ts'
import { type Outcome, writeQueue } from '../src/common/write-queue.ts'

type Write = () => unknown

const limits = { queueWritesMax: 5, queueBytesMax: 100, flushWritesMax: 3, flushBytesMax: 50, gatherMsMax: 0 }

function setUp(overrides: Partial<typeof limits> = {}) {
  const flushes: number[] = []
  const turns: (() => void)[] = []
  const flush = (writes: readonly Write[]): Outcome[] => {
    flushes.push(writes.length)
    return writes.map((write): Outcome => {
      try {
        return { ok: true, value: write() }
      } catch (error) {
        return { ok: false, error: error as StoreError }
      }
    })
  }
  const timers: { ms: number; run: () => void }[] = []
  const queue = writeQueue({
    flush,
    schedule: (run) => turns.push(run),
    after: (ms, run) => timers.push({ ms, run }),
    limits: { ...limits, ...overrides },
  })
  const nextTurn = () => turns.shift()?.()
  return { queue, flushes, turns, timers, nextTurn }
}

describe('write queue', () => {
  test('writes of one turn share a flush, in order', async () => {
    const { queue, flushes, turns, nextTurn } = setUp()
    const order: number[] = []
    const writes = [1, 2, 3].map((n) => queue.submit(1, () => order.push(n)))
    expect(flushes).toEqual([])
    expect(turns.length).toBe(1)
    nextTurn()
    await Promise.all(writes)
    expect(flushes).toEqual([3])
    expect(order).toEqual([1, 2, 3])
  })

  test('a write gets its own value or refusal', async () => {
    const { queue, nextTurn } = setUp()
    const refuse = () => {
      throw new StoreError('STORE_CONFLICT', 'lost')
    }
    const answers = [queue.submit(1, () => 'a'), queue.submit(1, refuse), queue.submit(1, () => 'c')]
    nextTurn()
    const settled = await Promise.allSettled(answers)
    expect(settled.map((one) => (one.status === 'fulfilled' ? one.value : one.reason.code))).toEqual([
      'a',
      'STORE_CONFLICT',
      'c',
    ])
  })

  test('a flush takes at most flushWritesMax writes; the rest goes in the next turn', async () => {
    const { queue, flushes, turns, nextTurn } = setUp()
    const writes = Array.from({ length: 5 }, () => queue.submit(1, () => 0))
    nextTurn()
    expect(flushes).toEqual([3])
    expect(turns.length).toBe(1)
    nextTurn()
    await Promise.all(writes)
    expect(flushes).toEqual([3, 2])
  })

  test('a flush takes at most flushBytesMax bytes, but at least one write', async () => {
    const { queue, flushes, nextTurn } = setUp({ queueBytesMax: 1000 })
    const writes = [20, 30, 1, 80, 10].map((bytes) => queue.submit(bytes, () => 0))
    for (let i = 0; i < 4; i += 1) nextTurn()
    await Promise.all(writes)
    expect(flushes).toEqual([2, 1, 1, 1])
  })

  test('at queueWritesMax a write is refused with STORE_BUSY and never runs', async () => {
    const { queue, nextTurn } = setUp()
    const ran: number[] = []
    const writes = Array.from({ length: 5 }, (_, i) => queue.submit(1, () => ran.push(i)))
    await expect(queue.submit(1, () => ran.push(99))).rejects.toMatchObject({ code: 'STORE_BUSY' })
    nextTurn()
    const after = queue.submit(1, () => ran.push(5))
    nextTurn()
    await Promise.all([...writes, after])
    expect(ran).toEqual([0, 1, 2, 3, 4, 5])
  })

  test('at queueBytesMax a write is refused; one too large is taken when nothing waits', async () => {
    const { queue, nextTurn } = setUp()
    const large = queue.submit(5000, () => 'large')
    await expect(queue.submit(1, () => 0)).rejects.toMatchObject({ code: 'STORE_BUSY' })
    nextTurn()
    expect(await large).toBe('large')
    const fitting = [queue.submit(60, () => 0), queue.submit(40, () => 0)]
    await expect(queue.submit(1, () => 0)).rejects.toMatchObject({ code: 'STORE_BUSY' })
    nextTurn()
    nextTurn()
    await Promise.all(fitting)
  })

  test('drained waits for all that was submitted', async () => {
    const { queue, nextTurn } = setUp()
    await queue.drained()
    const settled: string[] = []
    const writes = Array.from({ length: 5 }, (_, i) => queue.submit(1, () => 0).then(() => settled.push(`w${i}`)))
    const drained = queue.drained().then(() => settled.push('drained'))
    nextTurn()
    await Promise.resolve()
    expect(settled).not.toContain('drained')
    nextTurn()
    await Promise.all([...writes, drained])
    expect(settled.at(-1)).toBe('drained')
  })

  test('what arrives while a flush is under way waits for the next one, and drained waits for both', async () => {
    const answers: ((outcomes: Outcome[]) => void)[] = []
    const flush = () => new Promise<Outcome[]>((resolve) => answers.push(resolve))
    const turns: (() => void)[] = []
    const queue = writeQueue<string>({ flush, schedule: (run) => turns.push(run), after: () => {}, limits })
    const settled: string[] = []
    const first = queue.submit<string>(1, 'first').then((value) => settled.push(value))
    turns.shift()!()
    const second = queue.submit<string>(1, 'second').then((value) => settled.push(value))
    const drained = queue.drained().then(() => settled.push('drained'))
    expect([turns.length, answers.length]).toEqual([0, 1])
    answers[0]!([{ ok: true, value: 'one' }])
    await first
    expect(settled).toEqual(['one'])
    turns.shift()!()
    answers[1]!([{ ok: true, value: 'two' }])
    await Promise.all([second, drained])
    expect(settled).toEqual(['one', 'two', 'drained'])
  })

  test('who waits for each write is never kept waiting', async () => {
    const { queue, flushes, timers, nextTurn } = setUp({ gatherMsMax: 8 })
    for (let i = 0; i < 5; i += 1) {
      const write = queue.submit(1, () => i)
      nextTurn()
      expect(await write).toBe(i)
    }
    expect(flushes).toEqual([1, 1, 1, 1, 1])
    expect(timers).toEqual([])
  })

  test('where writes come beside each other, flushes begin gatherMsMax apart, and drained waits for what gathers', async () => {
    const { queue, flushes, turns, timers, nextTurn } = setUp({ gatherMsMax: 8 })
    const both = [queue.submit(1, () => 1), queue.submit(1, () => 2)]
    nextTurn()
    await Promise.all(both)
    // The first that several shared began without knowing; the next one sets the distance.
    const next = queue.submit(1, () => 3)
    nextTurn()
    await next
    expect(timers.map(({ ms }) => ms)).toEqual([8])
    const gathering = [queue.submit(1, () => 4), queue.submit(1, () => 5)]
    let drained = false
    const all = queue.drained().then(() => {
      drained = true
    })
    await Promise.resolve()
    expect([turns.length, drained]).toEqual([0, false])
    timers.shift()!.run()
    nextTurn()
    expect(await Promise.all([...gathering, all])).toEqual([4, 5, undefined])
    expect(flushes).toEqual([2, 1, 2])
  })

  test('what fills a flush, in writes or in bytes, does not wait for more', async () => {
    const { queue, flushes, turns, timers, nextTurn } = setUp({ gatherMsMax: 8 })
    const shared = [queue.submit(1, () => 0), queue.submit(1, () => 0)]
    nextTurn()
    await Promise.all(shared)
    const begins = queue.submit(1, () => 0)
    nextTurn()
    await begins
    expect(timers.length).toBe(1)
    const three = [1, 2, 3].map(() => queue.submit(1, () => 0))
    expect(turns.length).toBe(1)
    nextTurn()
    await Promise.all(three)
    const large = queue.submit(50, () => 0)
    expect(turns.length).toBe(1)
    nextTurn()
    await large
    expect(flushes).toEqual([2, 1, 3, 1])
    expect(timers.length).toBe(1)
  })

  test('alone again, writes are not kept apart any more', async () => {
    const { queue, timers, nextTurn } = setUp({ gatherMsMax: 8 })
    const shared = [queue.submit(1, () => 0), queue.submit(1, () => 0)]
    nextTurn()
    await Promise.all(shared)
    const apart: number[] = []
    for (let i = 0; i < 10; i += 1) {
      const write = queue.submit(1, () => 0)
      apart.push(timers.length)
      timers.shift()?.run()
      nextTurn()
      await write
    }
    expect(apart).toEqual([0, 1, 1, 1, 1, 0, 0, 0, 0, 0])
  })

  test('the defaults hold together', () => {
    const { queueWritesMax, queueBytesMax, flushWritesMax, flushBytesMax } = defaultQueueLimits
    expect(queueWritesMax).toBeGreaterThan(flushWritesMax)
    expect(queueBytesMax).toBeGreaterThan(flushBytesMax)
  })
})

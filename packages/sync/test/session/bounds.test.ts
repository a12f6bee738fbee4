/** What one connection, one tenant and all of them together may take, at each bound and one past it. */
import { describe, expect, it } from 'vitest'
import { Budget, SessionRefusal, sessionBudgets } from '../../src/index.ts'
import { TokenBucket } from '../../src/session/token-bucket.ts'
import { changes, part, subscribe, TestHost, type TestSession, turn } from './host.ts'

const kinds = ({ heard }: TestSession): string[] => heard.map(({ kind }) => kind)

describe('a budget', () => {
  it('is taken up to the bound of all and of a tenant, and comes back once', () => {
    const budget = new Budget(10, 6)
    const first = budget.take('a', 6)
    expect(first).toBeDefined()
    expect(budget.take('a', 1), 'the tenant has its share').toBeUndefined()
    expect(budget.isFull(1)).toBe(false)
    const second = budget.take('b', 4)
    expect(second).toBeDefined()
    expect(budget.take('c', 1), 'there is no more').toBeUndefined()
    expect(budget.isFull(1)).toBe(true)
    first?.()
    first?.()
    expect([budget.used, budget.heldBy('a'), budget.heldBy('b')]).toEqual([4, 0, 4])
    expect(budget.take('a', 6)).toBeDefined()
    expect(budget.take('a', 0), 'nothing always fits').toBeDefined()
  })
})

describe('a token bucket', () => {
  it('gives its burst at once, and then as many as its rate has it', () => {
    const bucket = new TokenBucket(10, 3, 0)
    expect([0, 1, 2].map(() => bucket.take(0))).toEqual([0, 0, 0])
    expect(bucket.take(0), 'when the next one is there').toBe(100)
    expect(bucket.take(99)).toBe(1)
    expect(bucket.take(100)).toBe(0)
    expect(bucket.take(100)).toBe(100)
    expect(
      [0, 1, 2].map(() => bucket.take(60_000)),
      'it does not gather more than the burst',
    ).toEqual([0, 0, 0])
    expect(bucket.take(60_000)).toBe(100)
    expect(bucket.take(50_000), 'a clock that was set back').toBe(100)
  })
})

describe('batches that wait to be stored', () => {
  async function follow(host: TestHost, tenant: string, id = 'd'): Promise<TestSession & { readonly handle: number }> {
    const connection = await host.connect(tenant)
    connection.say(subscribe(id))
    await turn()
    connection.heard.splice(0)
    return { ...connection, handle: host.document(tenant, id).handle }
  }

  it('count for their tenant over all of its connections, and are refused for now one byte past its share', async () => {
    const limits = { pendingBytesMax: 300, pendingTenantBytesMax: 200, retryAfterMs: 70 }
    const host = new TestHost({ limits, budgets: sessionBudgets({ ...new TestHost().limits, ...limits }) })
    const one = await follow(host, 'a')
    const two = await follow(host, 'a', 'other')
    one.say(changes(one.handle, 1, 120))
    two.say(changes(two.handle, 1, 80))
    expect(host.submitted).toHaveLength(2)
    two.say(changes(two.handle, 2, 1), changes(two.handle, 3, 1))
    expect(two.heard).toMatchObject([
      { kind: 'refused', handle: two.handle, batch: 2, accepted: 0, code: 'rate_limited', retryAfterMs: 70 },
    ])
    const foreign = await follow(host, 'b')
    foreign.say(changes(foreign.handle, 1, 100))
    expect(host.submitted, 'another tenant has room').toHaveLength(3)
    foreign.say(changes(foreign.handle, 2, 1))
    expect(foreign.heard, 'until all is taken').toMatchObject([{ kind: 'refused', code: 'rate_limited' }])
    host.submitted[0]?.decide({ accepted: 1, version: 1 })
    await turn()
    two.say(changes(two.handle, 4, 120, true))
    expect(host.submitted, 'what is stored makes room').toHaveLength(4)
  })

  it('are refused at their first part, and the rest of it is passed over', async () => {
    const limits = { pendingBytesMax: 1_000, pendingTenantBytesMax: 1_000 }
    const host = new TestHost({ limits })
    const one = await follow(host, 't')
    const { handle } = one
    one.say(part(handle, { batch: 1, total: 1_001, offset: 0, bytes: 500 }))
    expect(one.heard).toMatchObject([{ kind: 'refused', batch: 1, code: 'rate_limited' }])
    one.say(part(handle, { batch: 1, total: 1_001, offset: 500, bytes: 501 }), { kind: 'ping', nonce: 1 })
    expect(kinds(one)).toEqual(['refused', 'pong'])
    one.say(part(handle, { batch: 2, total: 1_000, offset: 0, bytes: 500, restart: true, tellReceived: true }))
    expect(kinds(one), 'said when it is whole').toEqual(['refused', 'pong'])
    one.say(part(handle, { batch: 2, total: 1_000, offset: 500, bytes: 500, restart: true, tellReceived: true }))
    expect(host.submitted).toHaveLength(1)
    expect(one.heard.at(-1)).toMatchObject({ kind: 'ack', level: 'received', batch: 2 })
    expect(one.closedWith()).toBeUndefined()
  })

  it('give back what they hold when the connection ends, the document is left, or they are void', async () => {
    const limits = { pendingBytesMax: 1_000, pendingTenantBytesMax: 1_000 }
    const budgets = sessionBudgets({ ...new TestHost().limits, ...limits })
    const host = new TestHost({ limits, budgets })
    const begin = { batch: 1, total: 1_000, offset: 0, bytes: 10 }
    const one = await follow(host, 't')
    one.say(part(one.handle, begin))
    expect(budgets.pending.used).toBe(1_000)
    one.session.closed()
    expect(budgets.pending.used).toBe(0)
    const two = await follow(host, 't')
    two.say(part(two.handle, begin), { kind: 'unsubscribe', handle: two.handle })
    expect(budgets.pending.used).toBe(0)
    two.say(part(two.handle, { ...begin, offset: 10 }))
    expect([budgets.pending.used, two.closedWith()]).toEqual([0, undefined])
    const three = await follow(host, 't')
    three.say(changes(three.handle, 1, 10), part(three.handle, { ...begin, batch: 2, total: 990 }))
    expect(budgets.pending.used).toBe(1_000)
    const no = new SessionRefusal('forked', 'no')
    host.submitted.at(-1)?.decide({ accepted: 0, version: 0, refusal: no })
    await turn()
    expect(budgets.pending.used, 'what came behind it is void').toBe(0)
    three.say(part(three.handle, { ...begin, batch: 2, total: 990, offset: 10 }))
    expect(three.heard.map(({ kind }) => kind)).toEqual(['refused'])
  })

  it('come in order: nothing overtakes the parts of one', async () => {
    const host = new TestHost()
    const { say, handle, closedWith } = await follow(host, 't')
    say(part(handle, { batch: 1, total: 100, offset: 0, bytes: 10 }), changes(handle, 2, 1))
    expect(closedWith()).toBe(1002)
    expect(host.submitted).toHaveLength(0)
  })

  it('in parts arrive as fast as they must, or end their connection', async () => {
    const limits = { uploadStartMsMax: 1_000, uploadBytesPerSecondMin: 100 }
    const host = new TestHost({ limits })
    const slow = await follow(host, 't')
    slow.say(part(slow.handle, { batch: 1, total: 1_000, offset: 0, bytes: 100 }))
    host.time.pass(1_999)
    expect(slow.closedWith()).toBeUndefined()
    slow.say(part(slow.handle, { batch: 1, total: 1_000, offset: 100, bytes: 50 }))
    host.time.pass(500)
    expect(slow.closedWith()).toBeUndefined()
    host.time.pass(1)
    expect(slow.closedWith()).toBe(1008)
    expect(slow.heard).toMatchObject([{ kind: 'goodbye', code: 'timeout' }])
    const tasks = host.time.tasks
    const quick = await follow(host, 't', 'quick')
    quick.say(part(quick.handle, { batch: 1, total: 200, offset: 0, bytes: 100 }))
    quick.say(part(quick.handle, { batch: 1, total: 200, offset: 100, bytes: 100 }))
    host.time.pass(3_000)
    expect(quick.closedWith()).toBeUndefined()
    expect(host.time.tasks, 'nobody watches it any more').toBeLessThanOrEqual(tasks + 1)
  })
})

describe('frames and requests of one connection', () => {
  it('as many frames as the burst, then as many as the rate; one more ends it', async () => {
    const host = new TestHost({ limits: { framesBurstMax: 11, framesPerSecondMax: 10 } })
    const connection = await host.connect()
    const { say, heard, closedWith } = connection
    // The greeting was one.
    for (let i = 0; i < 10; i += 1) say({ kind: 'ping', nonce: i })
    expect(heard).toHaveLength(10)
    host.time.pass(100)
    say({ kind: 'ping', nonce: 10 })
    expect([heard.length, closedWith()]).toEqual([11, undefined])
    say({ kind: 'ping', nonce: 11 })
    expect(heard.at(-1)).toMatchObject({ kind: 'goodbye', code: 'rate_limited', retryAfterMs: 100 })
    expect(closedWith()).toBe(1013)
    say({ kind: 'ping', nonce: 12 })
    expect(heard).toHaveLength(12)
  })

  it('as many requests to subscribe as the burst, then as the rate; others are refused for now, and leave nothing', async () => {
    const host = new TestHost({ limits: { subscribesBurstMax: 2, subscribesPerSecondMax: 10 } })
    const { say, heard, closedWith } = await host.connect()
    say(subscribe('a', 1), { kind: 'unsubscribe', handle: 1 }, subscribe('a', 2), subscribe('b', 3))
    await turn()
    expect(heard.filter(({ kind }) => kind === 'subscribed')).toHaveLength(1)
    expect(heard.find(({ kind }) => kind === 'refused')).toMatchObject({
      handle: 3,
      batch: 0,
      code: 'rate_limited',
      retryAfterMs: 100,
    })
    for (let i = 0; i < 1_000; i += 1) say(subscribe(`x${i}`, 10 + i))
    await turn()
    expect([host.open, closedWith()]).toEqual([1, undefined])
    host.time.pass(100)
    say(subscribe('b', 2_000))
    await turn()
    expect(heard.at(-2)).toMatchObject({ kind: 'subscribed', request: 2_000 })
  })

  it('a large document counts as several requests, so that it is not put together again and again', async () => {
    const host = new TestHost({
      limits: { subscribesBurstMax: 10, subscribesPerSecondMax: 10, subscribeBytesMax: 100 },
    })
    const { say, heard, closedWith } = await host.connect()
    host.payload = new Uint8Array(1_000)
    say(subscribe('large', 1))
    await turn()
    say({ kind: 'unsubscribe', handle: 1 }, subscribe('large', 2))
    // One token for the request, and ten for what it took: one is owed, and one is needed.
    expect(heard.at(-1)).toMatchObject({ kind: 'refused', handle: 2, code: 'rate_limited', retryAfterMs: 200 })
    host.time.pass(199)
    say(subscribe('large', 3))
    expect(heard.at(-1)).toMatchObject({ kind: 'refused', handle: 3, retryAfterMs: 1 })
    host.time.pass(1)
    say(subscribe('large', 4))
    await turn()
    expect(heard.findLast(({ kind }) => kind === 'subscribed')).toMatchObject({ request: 4 })
    expect(closedWith()).toBeUndefined()
  })

  it('pings of the transport count as frames', async () => {
    const host = new TestHost({ limits: { framesBurstMax: 3, framesPerSecondMax: 10 } })
    const { session, closedWith } = await host.connect()
    expect([session.heard(), session.heard(), session.heard()]).toEqual([true, true, false])
    expect(closedWith()).toBe(1013)
  })

  it('documents followed over all connections have a bound, of all and of a tenant, and are counted until they are left', async () => {
    const limits = { subscriptionsMax: 3, subscriptionsTenantMax: 2, retryAfterMs: 40 }
    const host = new TestHost({ limits, budgets: sessionBudgets({ ...new TestHost().limits, ...limits }) })
    const [one, two, other] = [await host.connect(), await host.connect(), await host.connect('u')]
    one.say(subscribe('a'))
    two.say(subscribe('a'))
    await turn()
    one.say(subscribe('b', 7))
    expect(one.heard.at(-1)).toMatchObject({ kind: 'refused', handle: 7, code: 'rate_limited', retryAfterMs: 40 })
    other.say(subscribe('a', 1), subscribe('b', 2))
    await turn()
    expect(other.heard.filter(({ kind }) => kind === 'refused')).toMatchObject([{ handle: 2, code: 'rate_limited' }])
    two.session.closed()
    one.say(subscribe('b', 8))
    await turn()
    expect(one.heard.findLast(({ kind }) => kind === 'subscribed')).toMatchObject({ request: 8 })
  })
})

describe('presence', () => {
  it('that costs much is told less often, the latest state of each', async () => {
    const state = (byte: number): Uint8Array => new Uint8Array(144).fill(byte)
    // Three who listen, one state of 144 + 256 bytes: 1200 bytes a time.
    const host = new TestHost({ limits: { presenceBytesPerSecondMax: 12_000 } })
    const crowd = [await host.connect(), await host.connect(), await host.connect()] as const
    for (const each of crowd) each.say(subscribe('d'))
    await turn()
    const [teller, listener] = crowd
    const told = (): number => listener.heard.filter(({ kind }) => kind === 'peers').length
    for (let i = 0; i < 1_000; i += 1) {
      teller.say({ kind: 'presence', handle: 1, state: state(i % 256) })
      await turn()
      host.time.pass(1)
    }
    expect(told()).toBeGreaterThanOrEqual(9)
    expect(told()).toBeLessThanOrEqual(11)
    host.time.pass(200)
    expect(listener.heard.findLast(({ kind }) => kind === 'peers')).toMatchObject({
      peers: [{ state: state(999 % 256) }],
    })
    // After a rest it is told at once.
    const before = told()
    teller.say({ kind: 'presence', handle: 1, state: state(7) })
    await turn()
    expect(told()).toBe(before + 1)
  })

  it('for which there is no room is passed over, and nobody is cut off', async () => {
    // Two states of 44 + 256 bytes.
    const host = new TestHost({ limits: { presenceTenantBytesMax: 600 } })
    const crowd = [await host.connect(), await host.connect(), await host.connect()] as const
    for (const each of crowd) each.say(subscribe('d'))
    await turn()
    for (const each of crowd) each.say({ kind: 'presence', handle: 1, state: new Uint8Array(44) })
    await turn()
    expect(host.document('t', 'd').presence.size).toBe(2)
    expect(crowd[2].closedWith()).toBeUndefined()
    crowd[0].session.closed()
    crowd[2].say({ kind: 'presence', handle: 1, state: new Uint8Array(44) })
    expect(host.document('t', 'd').presence.size, 'room again').toBe(2)
    host.time.pass(sessionAge)
    expect(host.document('t', 'd').presence.size, 'and what is not renewed is forgotten').toBe(0)
  })
})

/** Longer than presence lasts. */
const sessionAge = 100_000

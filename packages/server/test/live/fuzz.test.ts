/** Sessions as they are, with bytes changed on the way: the server refuses or ends them, stays whole, and others notice nothing. */
import { Doc, defineSchema, encodeBundle, lww, orSet, text } from '@joinery/core'
import { newActor } from '@joinery/core/system'
import { memoryStore } from '@joinery/storage/memory'
import { type ClientFrame, encodeFrame, type Link, ServerSession, type SessionHost } from '@joinery/sync'
import { nodeScheduler } from '@joinery/transport/scheduler'
import { expect, it } from 'vitest'
import { testService } from '../http/harness.ts'
import { hello, subscribe } from './raw-client.ts'

const FRAMES = process.env.JOINERY_SOAK === undefined ? 3_000 : 100_000

/** Numbers that are the same in every run. */
function random(seed: number): (below: number) => number {
  let state = seed >>> 0
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

const schema = defineSchema({ title: lww<string>(), tags: orSet<string>(), body: text() })

/** What an honest client sends. Handles are those that the server gives first. */
function honest(): Uint8Array[] {
  const doc = new Doc({ actor: newActor('anna'), incarnation: 'life', copies: true, schema })
  const changes = ['a', 'b', 'c', 'd'].map((each) =>
    doc.change((root) => {
      root.title.set(each)
      root.tags.add(each)
      root.body.insert(0, each.repeat(20))
    }),
  ) as Uint8Array[]
  const batch = { tellReceived: true, restart: false }
  const whole = encodeBundle(changes.slice(2))
  const middle = whole.length >> 1
  const part = { kind: 'upload', handle: 1, batch: 2, ...batch, total: whole.length } as const
  const frames: ClientFrame[] = [
    hello('anna'),
    subscribe('plan'),
    { ...subscribe('other', 2), from: { by: 'position', storeId: 's', incarnation: 'i', version: 3 } } as ClientFrame,
    { kind: 'changes', handle: 1, batch: 1, ...batch, payload: encodeBundle(changes.slice(0, 2)) },
    { ...part, offset: 0, payload: whole.subarray(0, middle) },
    { ...part, offset: middle, payload: whole.subarray(middle) },
    { kind: 'presence', handle: 1, state: Buffer.from('{"at":1}') },
    { kind: 'credit', handle: 1, bytes: 100 },
    { kind: 'ping', nonce: 1 },
    {
      ...subscribe('plan', 3),
      from: { by: 'vector', incarnation: 'life', entries: [[doc.actor.id, 2]] },
    } as ClientFrame,
    { kind: 'unsubscribe', handle: 1 },
  ]
  return frames.map((frame) => encodeFrame(frame))
}

function damaged(frame: Uint8Array, below: (n: number) => number): Uint8Array {
  const bytes = Uint8Array.from(frame)
  for (let edits = below(3); edits >= 0; edits -= 1) bytes[below(bytes.length)] = below(4) === 0 ? below(256) : below(8)
  return below(6) === 0 ? bytes.slice(0, below(bytes.length + 1)) : bytes
}

it(`${FRAMES} damaged frames of real sessions`, async () => {
  const store = memoryStore()
  const service = testService(store)
  const faults: unknown[] = []
  const host: SessionHost = {
    storeId: service.storeId,
    admit: async ({ tenant, node }) => ({ tenant, node }),
    open: async (principal, request) => service.live.open(principal, request),
  }
  const below = random(7)
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
  let sent = 0
  let ended = 0
  while (sent < FRAMES) {
    let open = true
    const link: Link = {
      send: () => {},
      waitingBytes: 0,
      close: () => {
        open = false
      },
      drop: () => {
        open = false
      },
    }
    const scheduler = nodeScheduler(Date.now)
    const session = new ServerSession({
      link,
      host,
      scheduler,
      name: `${sent}`,
      onFault: (error) => faults.push(error),
    })
    for (const frame of honest()) {
      if (!open) break
      const hurt = below(4) === 0
      sent += hurt ? 1 : 0
      session.receive(hurt ? damaged(frame, below) : frame)
      if (below(2) === 0) await turn()
    }
    await turn()
    if (!open) ended += 1
    session.closed()
  }
  await turn()
  await service.drain()
  expect(faults).toEqual([])
  expect(service.live.size).toBe(0)
  expect(ended).toBeGreaterThan(FRAMES / 50)
  for (const id of ['plan', 'other']) {
    const head = await store.head({ tenant: 'acme', id })
    if (head === undefined) continue
    const log = await store.log({ tenant: 'acme', id }, { after: 0, limit: 10_000 })
    const doc = Doc.load(
      log.map(({ change }) => change),
      { actor: newActor('auditor') },
    )
    const { value } = await service.get({ tenant: 'acme', node: 'auditor' }, id)
    expect(doc.toJSON()).toEqual(value)
  }
  console.log(`fuzz sessions: ${sent} damaged frames, ${ended} connections ended by the server`)
})

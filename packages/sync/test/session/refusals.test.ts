/** What a client voided does not come back to it: a late refusal of a batch behind one that was refused before. */
import { encodeBundle } from '@joinery/core'
import { expect, it } from 'vitest'
import {
  type ClientFrame,
  decodeServerFrame,
  encodeFrame,
  Feed,
  type HostedDocument,
  type Link,
  PresenceBoard,
  type Scheduler,
  type ServerFrame,
  ServerSession,
  SessionRefusal,
  sessionLimits,
  type Verdict,
} from '../../src/index.ts'

it('a batch that is decided after its client began again', async () => {
  const heard: ServerFrame[] = []
  const link: Link = {
    send: (frame) => void heard.push(decodeServerFrame(frame)),
    waitingBytes: 0,
    close() {},
    drop() {},
  }
  const scheduler: Scheduler = { nowMs: () => 0, after: () => () => {}, soon: (task) => queueMicrotask(task) }
  const decide: ((verdict: Verdict) => void)[] = []
  const document: HostedDocument = {
    handle: 1,
    incarnation: 'life',
    feed: new Feed(0, sessionLimits, scheduler.soon),
    presence: new PresenceBoard(sessionLimits, scheduler),
    catchUp: async () => ({ payload: new Uint8Array(0), version: 0, transfer: '' }),
    submit: () => new Promise((resolve) => decide.push(resolve)),
    release() {},
  }
  const host = {
    storeId: 's',
    admit: async () => ({ tenant: 't', node: 'n' }),
    open: async () => ({ document, known: 0 }),
  }
  const session = new ServerSession({ link, host, scheduler, name: 'x' })
  const say = (...frames: ClientFrame[]): void => {
    for (const frame of frames) session.receive(encodeFrame(frame))
  }
  const batch = (number: number, restart = false): ClientFrame => ({
    kind: 'changes',
    handle: 1,
    batch: number,
    tellReceived: false,
    restart,
    payload: encodeBundle([]),
  })
  const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1))
  say({ kind: 'hello', versions: [1, 1], features: 0, tenant: 't', node: 'n', credential: '', agent: 'a' })
  say({
    kind: 'subscribe',
    request: 1,
    id: 'd',
    type: 'doc',
    actor: '',
    window: 0,
    from: { by: 'nothing' },
    resume: undefined,
  })
  await turn()
  say(batch(1), batch(2))
  const busy = new SessionRefusal('unavailable', 'later', { retryAfterMs: 1 })
  decide[0]?.({ accepted: 0, version: 0, refusal: busy })
  await turn()
  say(batch(3, true))
  decide[1]?.({ accepted: 0, version: 0, refusal: new SessionRefusal('missing_dependencies', 'of course') })
  decide[2]?.({ accepted: 0, version: 7 })
  await turn()
  const told = heard.filter(({ kind }) => kind === 'refused' || kind === 'ack')
  expect(told).toMatchObject([
    { kind: 'refused', batch: 1, code: 'unavailable' },
    { kind: 'ack', batch: 3, version: 7 },
  ])
})

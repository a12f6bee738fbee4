/** Frames: every kind as a golden vector, decode after encode, and bytes that were damaged. */
import { readFileSync, writeFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type ClientFrame,
  decodeClientFrame,
  decodeServerFrame,
  encodeFrame,
  type Frame,
  type ServerFrame,
  SessionRefusal,
  sessionLimits,
} from '../../src/index.ts'

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values)
const batch = { handle: 7, batch: 3, tellReceived: true, restart: false }
const subscribe = {
  kind: 'subscribe',
  request: 1,
  id: 'notes/1',
  type: 'doc',
  actor: 'anna~AAAAAAAAAAAAAAAA',
  window: 65_536,
} as const

const fromClient: Readonly<Record<string, ClientFrame>> = {
  hello: {
    kind: 'hello',
    versions: [1, 2],
    features: 0,
    tenant: 'acme',
    node: 'anna',
    credential: 'jk_secret',
    agent: 'example/1.0',
  },
  'subscribe from nothing': { ...subscribe, from: { by: 'nothing' }, resume: undefined },
  'subscribe from a position': {
    ...subscribe,
    from: { by: 'position', storeId: 'store', incarnation: 'life', version: 300 },
    resume: { transfer: 'life/300', offset: 70_000 },
  },
  'subscribe from a vector': {
    ...subscribe,
    from: {
      by: 'vector',
      incarnation: 'life',
      entries: [
        ['anna~AAAAAAAAAAAAAAAA', 5],
        ['béa~BBBBBBBBBBBBBBBB', 1],
      ],
    },
    resume: undefined,
  },
  changes: { kind: 'changes', ...batch, payload: bytes(1, 2, 3) },
  upload: { kind: 'upload', ...batch, restart: true, total: 300, offset: 200, payload: bytes(9) },
  presence: { kind: 'presence', handle: 7, state: bytes(123, 125) },
  unsubscribe: { kind: 'unsubscribe', handle: 7 },
  credit: { kind: 'credit', handle: 7, bytes: 1_000_000 },
  ping: { kind: 'ping', nonce: 42 },
}

const fromServer: Readonly<Record<string, ServerFrame>> = {
  welcome: {
    kind: 'welcome',
    version: 1,
    features: 0,
    storeId: 'store',
    session: 's1',
    serverMicros: 1_800_000_000_000_000,
    frameBytesMax: 262_144,
    heartbeatMs: 30_000,
  },
  subscribed: {
    kind: 'subscribed',
    request: 1,
    handle: 7,
    incarnation: 'life',
    version: 300,
    known: 5,
    knownCheck: 0xfedcba98,
    window: 65_536,
  },
  update: { kind: 'update', handle: 7, version: 301, payload: bytes(1, 2, 3) },
  chunk: {
    kind: 'chunk',
    handle: 7,
    version: 301,
    transfer: 'life/301',
    total: 500_000,
    offset: 260_000,
    payload: bytes(1),
  },
  synced: { kind: 'synced', handle: 7, version: 301 },
  'ack received': { kind: 'ack', handle: 7, batch: 3, level: 'received', version: 0 },
  'ack stored': { kind: 'ack', handle: 7, batch: 3, level: 'stored', version: 302 },
  refused: {
    kind: 'refused',
    handle: 7,
    batch: 4,
    accepted: 2,
    code: 'rate_limited',
    message: 'too much at once',
    retryAfterMs: 500,
    serverMicros: 1_800_000_000_000_000,
  },
  peers: {
    kind: 'peers',
    handle: 7,
    peers: [
      { session: 's2', node: 'ben', state: bytes(1) },
      { session: 's3', node: '', state: bytes() },
    ],
  },
  closed: { kind: 'closed', handle: 7, code: 'deleted', message: 'the document was deleted' },
  goodbye: { kind: 'goodbye', code: 'shutting_down', message: 'the server stops', retryAfterMs: 0, windowMs: 5_000 },
  pong: { kind: 'pong', nonce: 42 },
}

const hex = (frame: Uint8Array): string => Buffer.from(frame).toString('hex')

describe('golden frames', () => {
  const path = new URL('golden/frames.json', import.meta.url)
  const made = Object.fromEntries(
    Object.entries({ ...fromClient, ...fromServer }).map(([name, frame]) => [name, hex(encodeFrame(frame))]),
  )
  if (process.env.JOINERY_UPDATE_GOLDEN) writeFileSync(path, `${JSON.stringify(made, undefined, 2)}\n`)

  it('are written as ever', () => {
    expect(made).toEqual(JSON.parse(readFileSync(path, 'utf8')))
  })

  it.each(Object.entries(fromClient))('%s is read again', (_, frame) => {
    expect(plain(decodeClientFrame(encodeFrame(frame)))).toEqual(plain(frame))
    expect(code(() => decodeServerFrame(encodeFrame(frame)))).toBe(frame.kind === 'ping' ? undefined : 'malformed')
  })

  it.each(Object.entries(fromServer))('%s is read again', (_, frame) => {
    expect(plain(decodeServerFrame(encodeFrame(frame)))).toEqual(plain(frame))
    expect(code(() => decodeClientFrame(encodeFrame(frame)))).toBe(frame.kind === 'pong' ? undefined : 'malformed')
  })
})

/** Views and arrays of the same bytes are the same frame. */
function plain(frame: Frame): unknown {
  return JSON.parse(
    JSON.stringify(frame, (_, value: unknown) =>
      value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value,
    ),
  )
}

function code(read: () => unknown): string | undefined {
  try {
    read()
    return undefined
  } catch (error) {
    if (error instanceof SessionRefusal) return error.code
    throw error
  }
}

describe('damaged frames', () => {
  const corpus = [...Object.values(fromClient), ...Object.values(fromServer)].map(encodeFrame)
  const runs = process.env.JOINERY_SOAK ? 100_000 : 5_000

  it('are refused as malformed, or read as a frame that is written the same again', () => {
    const damage = fc.tuple(
      fc.constantFrom(...corpus),
      fc.array(fc.tuple(fc.nat(80), fc.nat(255)), { minLength: 1, maxLength: 4 }),
      fc.option(fc.nat(80)),
    )
    fc.assert(
      fc.property(damage, ([frame, edits, cut]) => {
        const damaged = frame.slice(0, cut ?? frame.length)
        for (const [at, value] of edits) if (at < damaged.length) damaged[at] = value
        for (const decode of [decodeClientFrame, decodeServerFrame]) {
          let read: Frame | undefined
          expect(['malformed', undefined]).toContain(code(() => (read = decode(damaged))))
          if (read !== undefined) expect(hex(encodeFrame(read))).toBe(hex(damaged))
        }
      }),
      { numRuns: runs },
    )
  })

  it('a vector that announces more than there is costs nothing', () => {
    const frame = encodeFrame(fromClient['subscribe from a vector'] as Frame)
    const at = hex(frame).indexOf('046c69666502') / 2 + 5
    const lie = Uint8Array.from([...frame.slice(0, at), 0xff, 0xff, 0xff, 0xff, 0x7f, ...frame.slice(at + 1)])
    expect(code(() => decodeClientFrame(lie))).toBe('malformed')
    expect(sessionLimits.frameBytesMax).toBe(262_144)
  })
})

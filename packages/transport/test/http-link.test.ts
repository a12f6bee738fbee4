/** Both ends of connections over requests, without a server between: what they promise a session, and what becomes of clients that go. */
import type { Link } from '@joinery/sync'
import { describe, expect, test } from 'vitest'
import { joinFrames, splitFrames } from '../src/framing.ts'
import { webSocketOrHttp } from '../src/http-link.ts'
import { type HttpLinkEnd, HttpLinks } from '../src/http-link-server.ts'
import { bodyBytesMax, closeMsMax, connectMsMax, linkIdleMsMax } from '../src/limits.ts'
import type { WebSocketLike } from '../src/websocket.ts'

/** Time that stands still until it is told to go on. */
class StillTime {
  #nowMs = 0
  #tasks: { at: number; run: () => void }[] = []
  nowMs = (): number => this.#nowMs
  soon = (run: () => void): void => void this.after(0, run)
  after = (ms: number, run: () => void): (() => void) => {
    const task = { at: this.#nowMs + ms, run }
    this.#tasks.push(task)
    return () => {
      this.#tasks = this.#tasks.filter((other) => other !== task)
    }
  }
  goOn(ms: number): void {
    this.#nowMs += ms
    const due = this.#tasks.filter(({ at }) => at <= this.#nowMs)
    this.#tasks = this.#tasks.filter(({ at }) => at > this.#nowMs)
    for (const { run } of due) run()
  }
}

function ends() {
  const time = new StillTime()
  const told: string[] = []
  let session: Link | undefined
  const links = new HttpLinks({
    newName: () => 'secret',
    scheduler: time,
    frameBytesMax: 2 * bodyBytesMax,
    linksMax: 1,
    onConnection(link) {
      session = link
      return {
        receive: (frame) => told.push(`frame ${frame.length}`),
        pinged: () => {},
        drained: () => told.push('drained'),
        closed: () => told.push('closed'),
      }
    },
  })
  const link = links.open() as HttpLinkEnd
  return { time, told, links, link, session: session as Link, here: new AbortController().signal }
}

const frame = (length: number): Uint8Array => new Uint8Array(length).fill(1)
const lengths = (body: Uint8Array): number[] | undefined =>
  splitFrames(body, 2 * bodyBytesMax)?.frames.map(({ length }) => length)

describe('the server end', () => {
  test('passes frames on as they came, and hands out what waits in one answer', async () => {
    const { link, session, told, time, here } = ends()
    expect(link.receive(joinFrames([frame(3), frame(4)]))).toBe(true)
    session.send(frame(1))
    session.send(frame(2))
    expect(session.waitingBytes).toBe(3)
    expect(lengths(await link.take(1_000, here))).toEqual([1, 2])
    expect(session.waitingBytes).toBe(0)
    time.goOn(0)
    expect(told).toEqual(['frame 3', 'frame 4', 'drained'])
  })

  test('answers a request that waits as soon as there is something, and with nothing when it has waited long enough', async () => {
    const { link, session, time, here } = ends()
    const waiting = link.take(1_000, here)
    session.send(frame(5))
    expect(lengths(await waiting)).toEqual([5])
    const inVain = link.take(1_000, here)
    time.goOn(1_000)
    expect(lengths(await inVain)).toEqual([])
  })

  test('answers the earlier of two that wait with nothing', async () => {
    const { link, session, here } = ends()
    const earlier = link.take(1_000, here)
    const later = link.take(1_000, here)
    expect(lengths(await earlier)).toEqual([])
    session.send(frame(5))
    expect(lengths(await later)).toEqual([5])
  })

  test('keeps what nobody took: a caller who has gone takes nothing', async () => {
    const { link, session, here } = ends()
    const gone = new AbortController()
    const waiting = link.take(1_000, gone.signal)
    gone.abort()
    session.send(frame(5))
    expect(lengths(await waiting)).toEqual([])
    expect(lengths(await link.take(1_000, here))).toEqual([5])
  })

  test('spreads over several answers what is too much for one, and sends a single large frame whole', async () => {
    const { link, session, here } = ends()
    session.send(frame(bodyBytesMax + 1))
    session.send(frame(bodyBytesMax / 2))
    session.send(frame(bodyBytesMax / 2))
    expect(lengths(await link.take(0, here))).toEqual([bodyBytesMax + 1])
    expect(lengths(await link.take(0, here))).toEqual([bodyBytesMax / 2])
    expect(lengths(await link.take(0, here))).toEqual([bodyBytesMax / 2])
  })

  test('says the end behind what was sent before it', async () => {
    const { link, session, told, links, time, here } = ends()
    session.send(frame(1))
    session.close(1001)
    session.send(frame(2))
    expect(splitFrames(await link.take(0, here), 10)).toEqual({ frames: [frame(1)], ended: true })
    time.goOn(0)
    expect([links.size, told]).toEqual([0, ['closed']])
  })

  test('is closed for whoever does not ask for the end', () => {
    const { session, told, links, time } = ends()
    session.close(1001)
    time.goOn(closeMsMax - 1)
    expect(links.size).toBe(1)
    time.goOn(1)
    time.goOn(0)
    expect([links.size, told]).toEqual([0, ['closed']])
  })

  test('ends with what is no frame', () => {
    const { link, told, links, time } = ends()
    expect(link.receive(frame(3))).toBe(false)
    time.goOn(0)
    expect([links.size, told]).toEqual([0, ['closed']])
    expect(links.find('secret')).toBeUndefined()
  })

  test('ends when nothing is asked for, and not while a request waits', async () => {
    const { link, told, links, time, here } = ends()
    const waiting = link.take(2 * linkIdleMsMax, here)
    time.goOn(2 * linkIdleMsMax)
    expect(lengths(await waiting)).toEqual([])
    time.goOn(linkIdleMsMax - 1)
    expect(links.size).toBe(1)
    time.goOn(1)
    time.goOn(0)
    expect([links.size, told]).toEqual([0, ['closed']])
  })
})

describe('a client that waits', () => {
  test('is there, whatever it sends meanwhile and however often it asked', async () => {
    const { link, links, time, here } = ends()
    const earlier = link.take(2 * linkIdleMsMax, here)
    const later = link.take(2 * linkIdleMsMax, here)
    expect(lengths(await earlier)).toEqual([])
    link.receive(joinFrames([frame(1)]))
    time.goOn(linkIdleMsMax)
    expect(links.size).toBe(1)
    time.goOn(linkIdleMsMax)
    expect(lengths(await later)).toEqual([])
  })

  test('and goes without a word is missed', async () => {
    const { link, links, told, time } = ends()
    const gone = new AbortController()
    const waiting = link.take(2 * linkIdleMsMax, gone.signal)
    gone.abort()
    expect(lengths(await waiting)).toEqual([])
    time.goOn(linkIdleMsMax)
    time.goOn(0)
    expect([links.size, told]).toEqual([0, ['closed']])
  })
})

test('there are as many connections as there may be, and a place that is left is free', () => {
  const { links, link } = ends()
  expect(links.open()).toBeUndefined()
  link.drop()
  expect(links.open()).toBeDefined()
})

/** A socket that does what the test says. */
class PlayedSocket implements WebSocketLike {
  binaryType = ''
  readyState = 0
  bufferedAmount = 0
  readonly kind: string
  readonly #listeners: Record<string, (() => void)[]> = {}
  constructor(kind: string) {
    this.kind = kind
  }
  send(): void {}
  close(): void {
    this.play('close')
  }
  addEventListener(type: string, listener: () => void): void {
    this.#listeners[type] = [...(this.#listeners[type] ?? []), listener]
  }
  play(type: string): void {
    for (const listener of this.#listeners[type] ?? []) listener()
  }
}

describe('the choice', () => {
  function choice() {
    const time = new StillTime()
    const opened: PlayedSocket[] = []
    const opener = (kind: string) => () => {
      const socket = new PlayedSocket(kind)
      opened.push(socket)
      return socket
    }
    const open = webSocketOrHttp({ scheduler: time, webSocket: opener('ws'), http: opener('http') })
    return { time, open, kinds: () => opened.map(({ kind }) => kind), last: () => opened.at(-1) as PlayedSocket }
  }

  test('is HTTP once two WebSockets in a row did not open, and a WebSocket again after it', () => {
    const { open, kinds, last } = choice()
    for (let i = 0; i < 5; i += 1) {
      open('ws://here')
      last().play('close')
    }
    expect(kinds()).toEqual(['ws', 'ws', 'http', 'ws', 'http'])
  })

  test('is a WebSocket as long as they open, however often they end', () => {
    const { open, kinds, last } = choice()
    for (let i = 0; i < 4; i += 1) {
      open('ws://here')
      if (i !== 1) last().play('open')
      last().play('close')
    }
    expect(kinds()).toEqual(['ws', 'ws', 'ws', 'ws'])
  })

  test('takes a WebSocket that does not open in time for one that does not', () => {
    const { open, kinds, time } = choice()
    open('ws://here')
    time.goOn(connectMsMax)
    open('ws://here')
    time.goOn(connectMsMax)
    open('ws://here')
    expect(kinds()).toEqual(['ws', 'ws', 'http'])
  })
})

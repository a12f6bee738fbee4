/** The control socket: what it takes, what it refuses, and that nobody can make it hold the server up. */
import { once } from 'node:events'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { checkArchive } from '@joinery/storage/archive'
import { memoryStore } from '@joinery/storage/memory'
import type { Store } from '@joinery/sync'
import { pino } from 'pino'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { patient } from '../../src/control/patient.ts'
import {
  type ControlLimits,
  type ControlSocket,
  connectControl,
  controlLimits,
  controlSocketPath,
  openKeyRing,
  serveControl,
} from '../../src/index.ts'
import { testService } from '../http/harness.ts'

const directory = mkdtempSync(join(tmpdir(), 'joinery-control-'))
const sockets: ControlSocket[] = []
let count = 0

afterEach(async () => {
  for (const socket of sockets.splice(0)) await socket.close()
})
afterAll(() => rmSync(directory, { recursive: true }))

interface Started {
  readonly path: string
  readonly store: Store
  readonly logged: Record<string, unknown>[]
}

async function started(limits: Partial<ControlLimits> = {}, store = memoryStore()): Promise<Started> {
  count += 1
  const path = join(directory, `${count}.control`)
  const logged: Record<string, unknown>[] = []
  const keys = await openKeyRing({ store, random: (bytes) => new Uint8Array(bytes).fill(count), now: Date.now })
  const logger = pino({ level: 'info' }, { write: (line: string) => void logged.push(JSON.parse(line)) })
  const service = testService(store)
  sockets.push(await serveControl(path, { keys, store, service, logger, now: Date.now, limits }))
  return { path, store, logged }
}

/** Resolves when the other side has ended it, in order or not. */
function ended(socket: Socket): Promise<void> {
  socket.on('error', () => {})
  return new Promise((resolve) => socket.once('close', () => resolve()))
}

/** Sends bytes and answers with all that comes back until the other side ends it. */
async function said(path: string, bytes: string): Promise<string> {
  const socket = connect(path)
  const closed = ended(socket)
  let text = ''
  socket.on('data', (data) => {
    text += data
  })
  socket.write(bytes)
  await closed
  return text
}

/** Documents of about a megabyte each. */
async function large(store: Store, documents: number): Promise<void> {
  const entries = [{ change: new Uint8Array(1_000_000), attributes: '' }]
  for (let i = 0; i < documents; i += 1) {
    await store.commit({
      key: { tenant: 't', id: `${i}` },
      kind: 'begin',
      expectedVersion: 0,
      incarnation: 'i',
      entries,
    })
  }
}

const list = '{"command":"keys.list"}'
const read = '{"command":"read","content":"everything","values":false}\n'

describe('what it takes', () => {
  test('requests of the command, answered one per connection', async () => {
    const { path } = await started()
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(await said(path, `${list}\n${list}\n`)).toBe('{"answer":[]}\n')
    const client = (await connectControl(path))!
    const { id } = await client.keys.create({ tenant: 'acme', name: 'first' })
    expect((await client.keys.list('acme')).map((key) => key.id)).toEqual([id])
    expect(await client.keys.revoke(id)).toMatchObject({ revokedAt: expect.any(String) })
    expect(await client.keys.revoke('none')).toBeUndefined()
    expect(await client.compact({ scope: {}, keepVersions: 1 })).toEqual({ documents: 0, folded: 0 })
  })

  test('an archive of any size, as fast as it is taken', async () => {
    const { path, store } = await started()
    await large(store, 8)
    const client = (await connectControl(path))!
    const slow = async function* () {
      for await (const chunk of client.read({ content: 'everything', scope: {}, values: true })) {
        await delay(1)
        yield chunk
      }
    }
    expect((await checkArchive(slow)).totals).toMatchObject({ documents: 8 })
  })

  test('a refusal comes with its code', async () => {
    const { path } = await started()
    const client = (await connectControl(path))!
    const reading = client.read({ content: 'documents', scope: { tenant: 'nobody' }, values: false })
    await expect(reading.next()).rejects.toMatchObject({ name: 'DataError', code: 'DATA_NOT_FOUND' })
  })

  test('nothing where there is no server', async () => {
    expect(await connectControl(join(directory, 'none'))).toBeUndefined()
    expect(controlSocketPath(`/${'x'.repeat(91)}`)).toBe(`/${'x'.repeat(91)}.control`)
    expect(controlSocketPath(`/${'x'.repeat(92)}`)).toBeUndefined()
  })
})

describe('what it refuses', () => {
  test.each([
    'nonsense\n',
    '{}\n',
    '{"command":"drop"}\n',
    '{"command":"read"}\n',
    '{"command":"read","content":"everything","values":false,"id":"without a tenant"}\n',
    '{"command":"read","content":"something","values":false}\n',
    '{"command":"compact","keepVersions":-1}\n',
    '{"command":"compact","keepVersions":1.5}\n',
    '{"command":"compact","keepVersions":1,"more":1}\n',
    '{"command":"keys.create","tenant":"","name":""}\n',
  ])('%j', async (line) => {
    const { path, logged } = await started()
    expect(await said(path, line)).toBe('')
    expect(logged).toContainEqual(expect.objectContaining({ msg: 'a request on the control socket failed' }))
    expect(await said(path, `${list}\n`)).toBe('{"answer":[]}\n')
  })
})

describe('limits', () => {
  test('requestBytesMax, at the limit and one past it', async () => {
    const { path } = await started()
    const padded = (length: number) => `${list.slice(0, -1)}${' '.repeat(length - list.length)}}\n`
    expect(await said(path, padded(controlLimits.requestBytesMax))).toBe('{"answer":[]}\n')
    expect(await said(path, padded(controlLimits.requestBytesMax + 1))).toBe('')
    expect(await said(path, 'x'.repeat(100_000))).toBe('')
  })

  test('requestMsMax: who asks nothing is let go', async () => {
    const { path } = await started({ requestMsMax: 50 })
    expect(await said(path, '{"command":')).toBe('')
  })

  test('streamMsMax: who takes nothing is let go, and nothing more is read for them', async () => {
    const { path, store } = await started({ streamMsMax: 100 })
    await large(store, 40)
    const socket = connect(path)
    const closed = ended(socket)
    socket.write(read)
    await delay(2_000)
    let taken = 0
    socket.on('data', (data) => {
      taken += data.length
    })
    await closed
    expect(taken).toBeGreaterThan(0)
    expect(taken).toBeLessThan(20_000_000)
  })

  test('connectionsMax: one more is dropped, and a place that is left is free', async () => {
    const { path } = await started()
    const held: Socket[] = []
    for (let i = 0; i < controlLimits.connectionsMax; i += 1) {
      const socket = connect(path)
      await once(socket, 'connect')
      held.push(socket)
    }
    await delay(20)
    expect(await said(path, `${list}\n`)).toBe('')
    held[0]!.destroy()
    await delay(50)
    expect(await said(path, `${list}\n`)).toBe('{"answer":[]}\n')
    for (const socket of held) socket.destroy()
  })

  test('answerBytesMax: a server that says more is not listened to', async () => {
    const path = join(directory, 'talkative')
    const server = createServer((socket) => {
      socket.on('error', () => {})
      const talk = () => {
        while (!socket.destroyed && socket.write('x'.repeat(1_000_000)));
      }
      socket.on('drain', talk)
      talk()
    }).listen(path)
    expect(await connectControl(path)).toBeUndefined()
    server.close()
  })

  test('readTurnMsMax: after so long everybody else gets a turn', async () => {
    let nowMs = 0
    let turns = 0
    const counting = () => {
      turns += 1
      if (turns < 1000) setImmediate(counting)
    }
    setImmediate(counting)
    const store = patient(memoryStore(), () => nowMs, 5)
    const reads = async () => {
      const before = turns
      for (let i = 0; i < 100; i += 1) await store.head({ tenant: 't', id: 'd' })
      return turns - before
    }
    nowMs = 4
    expect(await reads()).toBe(0)
    nowMs = 5
    expect(await reads()).toBe(1)
    const advancing = patient(
      memoryStore(),
      () => {
        nowMs += 1
        return nowMs
      },
      5,
    )
    const before = turns
    for (let i = 0; i < 100; i += 1) await advancing.head({ tenant: 't', id: 'd' })
    expect(turns - before).toBeGreaterThan(10)
    turns = 1000
  })
})

test('closing cuts off what is under way', async () => {
  const { path, store } = await started()
  await large(store, 40)
  const socket = connect(path)
  const closed = ended(socket)
  socket.write(read)
  await delay(50)
  await sockets.pop()!.close()
  socket.resume()
  await closed
  expect(await connectControl(path)).toBeUndefined()
})

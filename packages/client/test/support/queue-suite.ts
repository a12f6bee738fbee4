/** The contract of the queue port, and what the client makes of it, as one suite that every adapter runs. */
import { describe, expect, test } from 'vitest'
import { createHttpClient, type HttpClient, type Queue } from '../../src/http.ts'
import { fakeHost } from './fake-host.ts'
import { type FakeServer, fakeServer } from './fake-server.ts'
import { seeded } from './random.ts'

/** Opens the queue of a place: an empty one for a new place, the same one after it was closed. */
export type OpenQueue = (place: string) => Promise<Queue>

let places = 0

export function testQueue(name: string, open: OpenQueue): void {
  const newPlace = (): string => {
    places += 1
    return `place-${places}`
  }
  describe(`queue contract: ${name}`, () => {
    portCases(open, newPlace)
    clientCases(open, newPlace)
  })
}

function portCases(open: OpenQueue, newPlace: () => string): void {
  test('is empty when it is new', async () => {
    const queue = await open(newPlace())
    expect([...(await queue.read())]).toEqual([])
    await queue.close()
  })

  test('sets, replaces and removes, and reads it again in another process', async () => {
    const place = newPlace()
    const queue = await open(place)
    await queue.write([
      ['a', '1'],
      ['b', '2'],
    ])
    await queue.write([
      ['a', '3'],
      ['b', undefined],
      ['gone', undefined],
      ['c', ''],
    ])
    const expected = new Map([
      ['a', '3'],
      ['c', ''],
    ])
    expect(new Map(await queue.read())).toEqual(expected)
    await queue.close()
    const again = await open(place)
    expect(new Map(await again.read())).toEqual(expected)
    await again.close()
  })

  test('within one write the last change of a key counts', async () => {
    const queue = await open(newPlace())
    await queue.write([
      ['a', '1'],
      ['a', undefined],
      ['b', undefined],
      ['b', '2'],
    ])
    expect([...(await queue.read())]).toEqual([['b', '2']])
    await queue.close()
  })

  test('keeps every text: line ends, NUL, quotes, characters beyond the BMP, and a megabyte', async () => {
    const place = newPlace()
    const queue = await open(place)
    const texts = ['a\nb\r\n', 'a\0b', '"\\"', '😀\u2028\u2029', 'x'.repeat(1 << 20)]
    await queue.write(texts.map((text) => [`key ${text.slice(0, 20)}`, text]))
    await queue.close()
    const again = await open(place)
    expect([...(await again.read()).values()].sort()).toEqual([...texts].sort())
    await again.close()
  })

  test('what was read does not change with later writes', async () => {
    const queue = await open(newPlace())
    await queue.write([['a', '1']])
    const read = await queue.read()
    await queue.write([['a', '2']])
    expect(read.get('a')).toBe('1')
    await queue.close()
  })

  test('is refused while it is open, and opens once it is closed', async () => {
    const place = newPlace()
    const queue = await open(place)
    await queue.write([['a', '1']])
    await expect(open(place)).rejects.toMatchObject({ name: 'ClientError', code: 'CLIENT_QUEUE_LOCKED' })
    // The refusal has not harmed the lock, nor the data.
    await expect(open(place)).rejects.toMatchObject({ code: 'CLIENT_QUEUE_LOCKED' })
    await queue.write([['b', '2']])
    await queue.close()
    const again = await open(place)
    expect((await again.read()).size).toBe(2)
    // A second close of the first must not release the second.
    await queue.close()
    await expect(open(place)).rejects.toMatchObject({ code: 'CLIENT_QUEUE_LOCKED' })
    await again.close()
  })

  test('does nothing once it is closed', async () => {
    const queue = await open(newPlace())
    await queue.close()
    await expect(queue.write([['a', '1']])).rejects.toMatchObject({ code: 'CLIENT_QUEUE_IO' })
    await expect(queue.read()).rejects.toMatchObject({ code: 'CLIENT_QUEUE_IO' })
  })

  test('agrees with a map over random writes and restarts', async () => {
    const random = seeded(11)
    const place = newPlace()
    const model = new Map<string, string>()
    let queue = await open(place)
    for (let step = 0; step < 300; step += 1) {
      const changes = Array.from({ length: 1 + random.below(5) }, (): readonly [string, string | undefined] => {
        const key = `k${random.below(30)}`
        return [key, random.below(3) === 0 ? undefined : `${step} ${'v'.repeat(random.below(200))}`]
      })
      await queue.write(changes)
      for (const [key, value] of changes) {
        if (value === undefined) model.delete(key)
        else model.set(key, value)
      }
      if (random.below(20) === 0) {
        await queue.close()
        queue = await open(place)
        expect(new Map(await queue.read())).toEqual(model)
      }
    }
    await queue.close()
  })
}

function clientCases(open: OpenQueue, newPlace: () => string): void {
  const start = async (place: string, server: FakeServer, queuedOpsMax = 1000): Promise<HttpClient> =>
    createHttpClient({
      url: 'http://server',
      tenant: 'home',
      nodeId: 'phone',
      queue: open(place),
      fetch: server.fetch,
      host: fakeHost(),
      autoSend: false,
      limits: { queuedOpsMax },
    })
  const add = (elem: string) => ({ type: 'add', elem })

  test('requests survive a restart in the order of each document, and numbers are never used again', async () => {
    const place = newPlace()
    const server = fakeServer()
    const random = seeded(5)
    const pushed: Record<string, string[]> = {}
    let count = 0
    for (let life = 0; life < 4; life += 1) {
      const client = await start(place, server)
      for (let i = 0; i < 10; i += 1) {
        const id = `d${random.below(3)}`
        count += 1
        pushed[id] = [...(pushed[id] ?? []), `e${count}`]
        await client.pushOps(id, 'gset', [add(`e${count}`)])
      }
      if (life === 1) expect((await client.flush()).pending).toBe(0)
      await client.close()
    }
    const last = await start(place, server)
    await last.flush()
    await last.close()
    const sent: Record<string, string[]> = {}
    for (const { path, body } of server.asked) {
      const id = path.split('/')[3] as string
      sent[id] = [...(sent[id] ?? []), ...(body.ops as { elem: string }[]).map(({ elem }) => elem)]
    }
    expect(sent).toEqual(pushed)
    const numbers = server.asked.map(({ key }) => Number(key?.split(':')[1]))
    expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b))
  })

  test('pushes made at the same time are all kept, in the order of the calls', async () => {
    const place = newPlace()
    const server = fakeServer()
    const client = await start(place, server)
    await Promise.all(
      Array.from({ length: 50 }, (_, i) => client.pushOps('s', 'rga', [{ type: 'insert', index: i, values: [i] }])),
    )
    await client.close()
    const again = await start(place, server)
    expect(again.view('s')?.value).toEqual(Array.from({ length: 50 }, (_, i) => i))
    await again.close()
  })

  test('the bound holds over a restart, and leaves what is there alone', async () => {
    const place = newPlace()
    const server = fakeServer()
    const client = await start(place, server, 5)
    for (let i = 0; i < 5; i += 1) await client.pushOps('s', 'gset', [add(`e${i}`)])
    await expect(client.pushOps('s', 'gset', [add('f')])).rejects.toMatchObject({ code: 'CLIENT_QUEUE_FULL' })
    await client.close()
    const again = await start(place, server, 5)
    await expect(again.pushOps('s', 'gset', [add('f')])).rejects.toMatchObject({ code: 'CLIENT_QUEUE_FULL' })
    expect(again.view('s')).toMatchObject({ pending: 5, value: ['e0', 'e1', 'e2', 'e3', 'e4'] })
    await again.flush()
    await again.pushOps('s', 'gset', [add('f')])
    await again.close()
  })

  test('the last known value is shown after a restart without a server', async () => {
    const place = newPlace()
    const server = fakeServer()
    const client = await start(place, server)
    server.next.push({
      status: 200,
      body: {
        id: 't',
        type: 'text',
        version: 8,
        incarnation: 'i',
        storeId: 's',
        value: 'hey',
        ids: ['1@a', '2@a', '5@b'],
      },
    })
    await client.get('t')
    await client.close()
    const again = await start(place, server)
    await again.pushOps('t', 'text', [{ type: 'delete', index: 2 }])
    expect(again.view('t')).toEqual({ id: 't', type: 'text', value: 'he', version: 8, pending: 1 })
    await again.flush()
    expect(server.ask(1).body).toMatchObject({ since: 8, ops: [{ type: 'delete', ids: ['5@b'] }] })
    await again.close()
  })
}

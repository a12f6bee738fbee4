/** Lists and texts by id: translation, what is shown, what goes over the wire, and ids that come back. */
import { describe, expect, test } from 'vitest'
import { createHttpClient, type HttpClient } from '../src/http.ts'
import { packIds, unpackIds } from '../src/view/packed-ids.ts'
import { resolveCreated } from '../src/view/resolve.ts'
import { applyToSequence, sequenceJson, sequenceOf, translate } from '../src/view/sequence.ts'
import { fakeHost } from './support/fake-host.ts'
import { type FakeServer, fakeServer, stateOf } from './support/fake-server.ts'
import { randomOperation } from './support/operations.ts'
import { seeded } from './support/random.ts'

const A = 'a~AAAAAAAAAAAAAAAA'
const B = 'b~BBBBBBBBBBBBBBBB'

describe('ids', () => {
  test('are packed as runs and come back the same', () => {
    expect(packIds([`1@${A}`, `2@${A}`, `3@${A}`, `7@${B}`, `4@${A}`])).toEqual([[`1@${A}`, 3], `7@${B}`, `4@${A}`])
    const random = seeded(4)
    for (let i = 0; i < 200; i += 1) {
      const ids = Array.from({ length: random.below(20) }, () => `${1 + random.below(5)}@${random.pick([A, B, 'x@y'])}`)
      expect(unpackIds(packIds(ids))).toEqual(ids)
    }
  })

  test('of own elements are the youngest of the one actor whose values fit', () => {
    const created = [
      { ref: '~5.0', value: 'x' },
      { ref: '~5.1', value: 'y' },
    ]
    const after = (...entries: readonly (readonly [string, string])[]) => ({
      ids: entries.map(([id]) => id),
      units: entries.map(([, unit]) => unit),
    })
    const nothing = new Set<string>()
    expect(resolveCreated([], after(), nothing)).toEqual(new Map())
    expect(resolveCreated(created, after([`9@${A}`, 'y'], [`8@${A}`, 'x'], [`1@${A}`, 'x']), nothing)).toEqual(
      new Map([
        ['~5.0', `8@${A}`],
        ['~5.1', `9@${A}`],
      ]),
    )
    // Another value than was inserted: no match rather than a wrong one.
    expect(resolveCreated(created, after([`8@${A}`, 'x'], [`9@${A}`, 'z']), nothing)).toBeUndefined()
    expect(resolveCreated(created, after([`8@${A}`, 'x']), nothing)).toBeUndefined()
    const twins = after([`1@${B}`, 'x'], [`2@${B}`, 'y'], [`8@${A}`, 'x'], [`9@${A}`, 'y'])
    expect(resolveCreated(created, twins, nothing)).toBeUndefined()
    expect(resolveCreated(created, twins, new Set([`1@${B}`, `2@${B}`]))?.get('~5.0')).toBe(`8@${A}`)
  })
})

describe('translation', () => {
  test('by id means the same as by index, over random edits', () => {
    const random = seeded(8)
    for (let run = 0; run < 100; run += 1) {
      const sequence = sequenceOf('text', 'hello', ['1', '2', '3', '4', '5'])
      let plain = 'hello'
      for (let uid = 1; uid <= 20; uid += 1) {
        const op = randomOperation('text', plain, random)
        const { op: kept, positional } = translate(sequence, op)
        expect([positional, kept.index]).toEqual([false, undefined])
        applyToSequence(sequence, kept, uid)
        const index = op.index as number
        plain =
          op.type === 'insert'
            ? plain.slice(0, index) + (op.text as string) + plain.slice(index)
            : plain.slice(0, index) + plain.slice(index + (op.count as number))
        expect(sequenceJson(sequence)).toBe(plain)
        expect(new Set(sequence.ids).size).toBe(plain.length)
      }
    }
  })

  test('leaves positions alone where ids are not known', () => {
    const sequence = sequenceOf('rga', ['a', 'b'], undefined)
    expect(translate(sequence, { type: 'insert', index: 1, values: ['x'] }).positional).toBe(true)
    expect(translate(sequence, { type: 'delete', index: 1 }).positional).toBe(true)
    expect(translate(sequence, { type: 'insert', index: 9, values: ['x'] }).positional).toBe(true)
    // The start is the start in every state.
    expect(translate(sequence, { type: 'insert', index: 0, values: ['x'] }).op).toEqual({
      type: 'insert',
      after: null,
      values: ['x'],
    })
  })

  test('refuses a position inside a surrogate pair', () => {
    const sequence = sequenceOf('text', 'a😀b', ['1', '2', '3', '4'])
    for (const op of [
      { type: 'insert', index: 2, text: 'x' },
      { type: 'delete', index: 1, count: 1 },
      { type: 'delete', index: 2 },
    ]) {
      expect(() => translate(sequence, op)).toThrow(expect.objectContaining({ code: 'CLIENT_OP_INVALID' }))
    }
    expect(translate(sequence, { type: 'delete', index: 1, count: 2 }).op.ids).toEqual(['2', '3'])
  })

  test('an element that is gone is followed where it stood', () => {
    const sequence = sequenceOf('text', 'ad', ['1', '4'])
    applyToSequence(sequence, { type: 'insert', after: '3', text: 'X' }, 7, { 3: '2', 2: '1' })
    applyToSequence(sequence, { type: 'insert', after: '0', text: 'Y' }, 8, { 0: null })
    applyToSequence(sequence, { type: 'insert', after: 'unheard-of', text: 'Z' }, 9)
    expect(sequenceJson(sequence)).toBe('YaXdZ')
  })
})

describe('on the wire', () => {
  const ids = [1, 2, 3].map((counter) => `${counter}@${A}`)

  async function known(): Promise<{ client: HttpClient; server: FakeServer }> {
    const server = fakeServer()
    const options = { url: 'http://server', tenant: 'home', nodeId: 'phone', autoSend: false } as const
    const client = await createHttpClient({ ...options, fetch: server.fetch, host: fakeHost() })
    server.next.push(({ path }) => ({
      status: 200,
      body: stateOf(path, { type: 'text', version: 6, value: 'abc', ids }),
    }))
    await client.get('t')
    return { client, server }
  }

  const insert = (index: number, text: string) => ({ type: 'insert', index, text })
  const remove = (index: number, count = 1) => ({ type: 'delete', index, count })

  test('elements of the server go by id, own ones of the same request by position, and typing on is one insertion', async () => {
    const { client, server } = await known()
    for (const op of [
      insert(3, 'x'),
      insert(4, 'y'),
      insert(5, 'z'),
      insert(1, '-'),
      insert(5, '+'),
      remove(1),
      remove(0),
    ]) {
      await client.pushOps('t', 'text', [op])
    }
    expect(client.view('t')?.value).toBe('bcx+yz')
    await client.flush()
    expect(server.ask(1).body).toMatchObject({
      since: 6,
      ops: [
        { type: 'insert', after: ids[2], text: 'xyz' },
        { type: 'insert', after: ids[0], text: '-' },
        { type: 'insert', index: 5, text: '+' },
        { type: 'delete', index: 1, count: 1 },
        { type: 'delete', ids: [ids[0]] },
      ],
    })
  })

  test('what was typed while a request was under way names the ids that its answer brings', async () => {
    const { client, server } = await known()
    let pushes: Promise<unknown> = Promise.resolve()
    server.next.push(({ path }) => {
      pushes = client.pushOps('t', 'text', [insert(4, '!'), remove(0)])
      const now = { snapshot: 'abXcx', ids: [ids[0], ids[1], `9@${A}`, ids[2], `10@${A}`] }
      return { status: 200, body: stateOf(path, { type: 'text', version: 9, ...now }) }
    }, 'drop')
    await client.pushOps('t', 'text', [insert(3, 'x')])
    await client.flush()
    await pushes
    expect(client.view('t')?.value).toBe('bXcx!')
    expect(server.ask(2).body).toMatchObject({
      since: 9,
      ops: [
        { type: 'insert', after: `10@${A}`, text: '!' },
        { type: 'delete', ids: [ids[0]] },
      ],
    })
  })

  test('an element whose id the answer does not tell is not guessed', async () => {
    const { client, server } = await known()
    let pushes: Promise<unknown> = Promise.resolve()
    server.next.push(({ path }) => {
      pushes = client.pushOps('t', 'text', [insert(4, '!')])
      return { status: 200, body: stateOf(path, { type: 'text', version: 9, snapshot: 'abc', ids }) }
    })
    await client.pushOps('t', 'text', [insert(3, 'x')])
    await client.flush()
    await pushes
    await client.flush()
    expect(client.refused.list()).toMatchObject([{ problem: { code: 'CLIENT_UNRESOLVED' }, ops: [{ text: '!' }] }])
    await expect(client.refused.retry(client.refused.list()[0]!.handle)).rejects.toMatchObject({
      code: 'CLIENT_UNRESOLVED',
    })
    expect(client.status).toMatchObject({ pending: 0, refused: 1 })
  })

  test('elements of a queued PUT can be named before it is sent', async () => {
    const { client, server } = await known()
    await client.put('n', 'rga', ['a', 'b'])
    await client.pushOps('n', 'rga', [{ type: 'insert', index: 1, values: ['x'] }])
    expect(client.view('n')?.value).toEqual(['a', 'x', 'b'])
    const state = { type: 'rga', version: 1, value: ['a', 'b'], ids: [`1@${B}`, `2@${B}`] }
    server.next.push(({ path }) => ({ status: 201, body: stateOf(path, { ...state, ids: undefined }) }))
    server.next.push(({ path }) => ({ status: 200, body: stateOf(path, state) }))
    await client.flush()
    expect(server.ask(-1).body).toMatchObject({ since: 1, ops: [{ type: 'insert', after: `1@${B}`, values: ['x'] }] })
  })

  test('a value read while a request has no answer yet is not counted twice', async () => {
    const { client, server } = await known()
    server.next.push('drop')
    await client.pushOps('t', 'text', [insert(3, 'x')])
    await client.flush()
    server.next.push(({ path }) => ({
      status: 200,
      body: stateOf(path, { type: 'text', version: 7, value: 'abcx', ids: [...ids, `4@${A}`] }),
    }))
    expect((await client.get('t')).value).toBe('abcx')
    expect(client.view('t')).toMatchObject({ value: 'abcx', version: 6 })
  })
})

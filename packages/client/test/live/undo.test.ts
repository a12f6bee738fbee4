/** Undo that outlives the process: steps in the storage, for the life of the document that they belong to. */
import { defineSchema, list, lww, text } from '@joinery/core'
import { memoryMedium, memoryStore } from '@joinery/storage/memory'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Client } from '../../src/index.ts'
import { undoName } from '../../src/live/records.ts'
import { type ServerProcess, startServer } from '../support/server-process.ts'
import { open, until } from './support.ts'

const schema = defineSchema({ title: lww<string>(), body: text(), items: list<string>() })
let server: ServerProcess

beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server.stop())

/** A device that is switched off and on. */
function device(node: string) {
  const medium = memoryMedium()
  let client: Client | undefined
  return {
    medium,
    on(limits: Parameters<typeof open>[2] = {}) {
      client = open(server.url, node, { storage: memoryStore({ medium }), ...limits })
      return client
    },
    async off() {
      await client?.close()
    },
  }
}

async function editor(client: Client, id: string) {
  const doc = client.open(id, schema)
  await doc.ready
  doc.undo.canUndo
  const edit = (mutate: Parameters<typeof doc.change>[0]): void => {
    doc.change(mutate)
    doc.undo.stopGrouping()
  }
  return { doc, edit }
}

describe('steps of undo', () => {
  it('are there after a restart, both ways, and go on from there', async () => {
    const phone = device('phone')
    const { doc: before, edit } = await editor(phone.on(), 'kept')
    edit((root) => root.title.set('one'))
    edit((root) => root.body.insert(0, 'text'))
    edit((root) => root.body.delete(0, 2))
    before.undo.undo()
    await phone.off()

    const { doc } = await editor(phone.on(), 'kept')
    expect([doc.root.body.toString(), doc.undo.canUndo, doc.undo.canRedo]).toEqual(['text', true, true])
    doc.undo.redo()
    expect(doc.root.body.toString()).toBe('xt')
    doc.undo.undo()
    doc.undo.undo()
    expect(doc.toJSON()).toEqual({ title: 'one', body: '' })
    doc.undo.undo()
    expect([doc.root.title.value ?? null, doc.undo.canUndo]).toEqual([null, false])
    await phone.off()
  })

  it('leave alone what others wrote meanwhile', async () => {
    const [phone, laptop] = [device('phone-2'), device('laptop-2')]
    const { doc: before, edit } = await editor(phone.on(), 'shared')
    edit((root) => root.title.set('mine'))
    edit((root) => root.items.push('a', 'b'))
    await before.saved()
    await phone.off()
    const { doc: other } = await editor(laptop.on(), 'shared')
    await until(() => other.root.items.length === 2, 'seen')
    other.change((root) => {
      root.title.set('theirs')
      root.items.insert(1, 'x')
    })
    await other.saved()
    await laptop.off()

    const { doc } = await editor(phone.on(), 'shared')
    await until(() => doc.root.title.value === 'theirs', 'seen the other way')
    while (doc.undo.canUndo) doc.undo.undo()
    expect(doc.toJSON()).toEqual({ title: 'theirs', items: ['x'] })
    await phone.off()
  })

  it('end with the life of the document', async () => {
    const phone = device('phone-3')
    const first = phone.on()
    const { doc: before, edit } = await editor(first, 'ended')
    edit((root) => root.title.set('old'))
    edit((root) => root.title.set('older'))
    await before.saved()
    await before.close()
    await first.delete('ended')
    await phone.off()
    const { doc } = await editor(phone.on(), 'ended')
    doc.change((root) => root.title.set('new'))
    while (doc.undo.canUndo) doc.undo.undo()
    expect(doc.root.title.value).not.toBe('old')
    await phone.off()
  })

  it('that cannot be read are none', async () => {
    const phone = device('phone-4')
    const { edit } = await editor(phone.on(), 'damaged')
    edit((root) => root.title.set('one'))
    await phone.off()
    const store = memoryStore({ medium: phone.medium })
    await (await store).setValue(undoName('acme', 'damaged'), '{"life":')
    await (await store).close()
    const { doc } = await editor(phone.on(), 'damaged')
    expect([doc.root.title.value, doc.undo.canUndo]).toEqual(['one', false])
    await phone.off()
  })

  it('are kept as far as there is room, the youngest of them', async () => {
    const phone = device('phone-5')
    const { edit } = await editor(phone.on({ limits: { undoTextLengthMax: 3_000 } }), 'long')
    for (let i = 0; i < 8; i += 1) {
      edit((root) => root.body.insert(0, `${i}`.repeat(500)))
      edit((root) => root.body.delete(0, 500))
    }
    await phone.off()
    const { doc } = await editor(phone.on(), 'long')
    doc.undo.undo()
    expect(doc.root.body.toString()).toBe('7'.repeat(500))
    let steps = 1
    for (; doc.undo.canUndo; steps += 1) doc.undo.undo()
    expect(steps).toBeLessThan(16)
    await phone.off()
  })
})

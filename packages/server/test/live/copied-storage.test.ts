/**
 * A storage that was copied, and both copies write under one actor: the server has the changes of the first that came. The second
 * is told so whatever it asks from, be the document in memory or served as it is stored, with a snapshot or without.
 */
import { Doc, defineSchema, list } from '@joinery/core'
import { newActor } from '@joinery/core/system'
import { memoryStore } from '@joinery/storage/memory'
import { describe, expect, test } from 'vitest'
import { closedAfterEach, connectClient, startServer, type TestServer } from './harness.ts'

const schema = defineSchema({ items: list<string>() })
const { running, clients } = closedAfterEach()

/** Writes all of it, and answers what a copy needs that was made after the first. */
async function written(wsUrl: string, labels: readonly string[]) {
  const client = connectClient(wsUrl, 'anna')
  clients.push(client)
  const followed = client.session.follow({
    id: 'plan',
    type: 'doc',
    actor: client.actor,
    schema,
    newIncarnation: () => 'life',
  })
  const doc = await followed.opened()
  let copied: Uint8Array | undefined
  for (const label of labels) {
    doc.change(({ items }) => items.push(label))
    copied ??= doc.snapshot()
  }
  await followed.saved()
  return { actor: client.actor, copied: copied as Uint8Array }
}

const cases = [
  { name: 'one change each, in memory', there: 2, mine: 1, again: false },
  { name: 'one change each, as it is stored', there: 2, mine: 1, again: true },
  { name: 'more here than there, as it is stored', there: 2, mine: 3, again: true },
  { name: 'more there than here, as it is stored', there: 4, mine: 1, again: true },
  { name: 'one change each, with a snapshot', there: 2000, mine: 1999, again: true },
]

describe('a copied storage', () => {
  test.each(cases)('$name', async ({ there, mine, again }) => {
    const store = memoryStore()
    const first = await startServer({ store, serviceLimits: { compactionMsMin: 0 } })
    running.push(first)
    const labels = Array.from({ length: there }, (_, i) => `${i}`)
    const { actor, copied } = await written(first.wsUrl, labels)
    if (again) {
      for (const { connection } of clients.splice(0)) connection.close()
      await first.server.close()
      running.push(await startServer({ store }))
    }
    const head = await store.head({ tenant: 'acme', id: 'plan' })
    expect(head?.snapshotVersion !== 0).toBe(there > 1000)
    const doc = Doc.load(copied, { schema, actor: { ...newActor('anna'), id: actor.id } })
    for (let i = 0; i < mine; i += 1) doc.change(({ items }) => items.push(`mine ${i}`))
    const copy = connectClient((running.at(-1) as TestServer).wsUrl, 'anna')
    clients.push(copy)
    const known: number[] = []
    const followed = copy.session.follow(
      { id: 'plan', type: 'doc', actor: { ...newActor('anna'), id: actor.id }, schema, doc },
      { onKnown: (last) => known.push(last) },
    )
    await expect(followed.saved()).rejects.toMatchObject({ code: 'forked' })
    expect(known).toEqual([])
    const reader = connectClient((running.at(-1) as TestServer).wsUrl, 'ben')
    clients.push(reader)
    const seen = await reader.session.follow({ id: 'plan', type: 'doc', actor: reader.actor, schema }).opened()
    expect(seen.root.items.toJSON()).toEqual(labels)
  })
})

/** Clients choose the names of lives, so two documents may have the same one: what is kept ready for who joins the one is not for the other. */
import { defineSchema, list } from '@joinery/core'
import { expect, test } from 'vitest'
import { closedAfterEach, connectClient, startServer } from './harness.ts'

const schema = defineSchema({ items: list<string>() })
const { running, clients } = closedAfterEach()

function follow(wsUrl: string, node: string, id: string) {
  const client = connectClient(wsUrl, node)
  clients.push(client)
  const { actor } = client
  return client.session.follow({ id, type: 'doc', actor, schema, newIncarnation: () => 'life' })
}

test('who joins one of two documents with the same name of their life gets that one', async () => {
  const started = await startServer()
  running.push(started)
  const { wsUrl } = started
  for (const id of ['secret', 'open']) {
    const followed = follow(wsUrl, 'anna', id)
    const doc = await followed.opened()
    doc.change(({ items }) => items.push(`of ${id}`))
    await followed.saved()
    // Whoever joins has it kept ready for the next one.
    const joined = await follow(wsUrl, `reader of ${id}`, id).opened()
    expect(joined.root.items.toJSON()).toEqual([`of ${id}`])
  }
})

/**
 * Two sessions under one actor, as when a device is put back or a profile is copied: equal counters, other changes. What the server says
 * it has of the actor is not what is here, and nothing of it may count as stored.
 */
import { Doc, defineSchema, openChange, orSet } from '@joinery/core'
import { testActor } from '@joinery/testing'
import { describe, expect, it } from 'vitest'
import { connectedClient, subscribed } from './client.ts'
import { turn } from './host.ts'

const schema = defineSchema({ tags: orSet<string>() })

/** A copy that wrote these, and what the server has: one change of the other copy behind what both knew. */
function copies(...tags: readonly string[]) {
  const actor = testActor('ben')
  const other = new Doc({ schema, actor, incarnation: 'life' })
  other.change((root) => root.tags.add('before'))
  const doc = Doc.load(other.snapshot(), { schema, actor: testActor('ben') })
  other.change((root) => root.tags.add('theirs'))
  for (const tag of tags) doc.change((root) => root.tags.add(tag))
  const client = connectedClient(schema, actor, doc as never)
  const known = other.known(actor.id)
  return { ...client, doc, actor, there: { ...subscribed(1), known, knownCheck: other.checkOf(actor.id) } }
}

describe('a copy that the server knows by the changes of another', () => {
  it.each([[['mine']], [['mine', 'more']], [['mine', 'more', 'most']]])('stores nothing of %j', async (tags) => {
    const { followed, hear, there, said } = copies(...tags)
    const saved = followed.saved().then(
      () => 'saved',
      ({ code }) => code,
    )
    hear(there, { kind: 'synced', handle: 7, version: 2 })
    await turn()
    expect(await saved).toBe('forked')
    expect(followed.refusal?.code).toBe('forked')
    expect(said.some(({ kind }) => kind === 'changes')).toBe(false)
  })

  it('is told nothing of what is stored', () => {
    const { doc, session, actor, there } = copies('mine')
    session.disconnected()
    const told: number[] = []
    const again = connectedClient(schema, actor, doc as never, { onKnown: (last) => told.push(last) })
    again.hear(there, { kind: 'synced', handle: 7, version: 2 })
    expect([told, again.followed.refusal?.code]).toEqual([[], 'forked'])
  })

  it('that offers its changes later is noticed by the first of them', () => {
    const { doc, actor, there } = copies('mine', 'more')
    const bytes = doc.change((root) => root.tags.add('most')) as Uint8Array
    const { first, length } = openChange(bytes).header
    const { followed, hear, said } = connectedClient(schema, actor, doc as never, {}, { offered: true, through: 0 })
    hear({ ...there, known: first - 1 }, { kind: 'synced', handle: 7, version: 2 })
    followed.offer({ bytes, actor: actor.id, last: first + length - 1 })
    expect(followed.refusal?.code).toBe('forked')
    expect(said.some(({ kind }) => kind === 'changes')).toBe(false)
  })

  it('of the same changes goes on', async () => {
    const { doc, actor, there } = copies('mine', 'more')
    const { followed, hear } = connectedClient(schema, actor, doc as never)
    hear({ ...there, known: doc.known(actor.id), knownCheck: doc.checkOf(actor.id) })
    hear({ kind: 'synced', handle: 7, version: 2 })
    await followed.saved()
    expect([followed.state, followed.pending]).toEqual(['live', 0])
  })
})

/** A dot is never stamped twice: who may have lost or copied what it wrote goes on as another actor. */

import { randomBytes } from 'node:crypto'
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { HybridClock } from '@joinery/core'
import { memoryMedium, memoryStore } from '@joinery/storage/memory'
import { sqliteStore } from '@joinery/storage/sqlite'
import { expect, test } from 'vitest'
import { NodeActor, type NodeActorOptions } from '../src/node-actor.ts'
import { closing, converged, increment, set, temporaryDirectory, testNetwork, value } from './nodes.ts'

const clock = new HybridClock(Date.now)
const open = (store: NodeActorOptions['store'], node = 'a') => NodeActor.open({ store, node, clock, randomBytes })

test('an actor stays while its store goes on, and its name does', async () => {
  const medium = memoryMedium()
  const first = memoryStore({ medium })
  const { id } = (await open(first)).actor
  await first.close()
  const again = closing(memoryStore({ medium }))
  expect((await open(again)).actor.id).toBe(id)
  const renamed = (await open(again, 'b')).actor.id
  expect(renamed).toMatch(/^b~/)
  expect((await open(again, 'b')).actor.id).toBe(renamed)
})

test('an actor that was drawn anew is durable before anything is written under it', async () => {
  const medium = memoryMedium()
  const store = memoryStore({ medium })
  let fails = 1
  const failing: NodeActorOptions['store'] = {
    identity: store.identity,
    value: (name) => store.value(name),
    async setValue(name, text) {
      fails -= 1
      if (fails === 0) throw new Error('the disk is full')
      await store.setValue(name, text)
    },
  }
  fails = 0
  const actor = await open(failing)
  const before = actor.actor.id
  fails = 1
  actor.renew()
  expect(actor.actor.id).not.toBe(before)
  await expect(actor.durable()).rejects.toThrow('the disk is full')
  await actor.durable()
  await store.close()
  expect((await open(closing(memoryStore({ medium })))).actor.id).toBe(actor.actor.id)
})

test('a backup that was put back, and a disk that was copied, write on as others: nothing is lost or doubled', async () => {
  const network = testNetwork()
  const directory = temporaryDirectory()
  const at = (name: string) => join(directory, name)
  const b = await network.start({ node: 'b' })
  let store = await sqliteStore({ path: at('a') })
  let a = await network.start({ node: 'a', store })
  a.join(b.status().address)
  await set(a, 'page', increment('visits', 1))
  await converged([a, b], 'page')
  const { actor } = a.status()
  await a.stop()
  await store.close()
  cpSync(at('a'), at('copy'))

  // It writes on, and is put back to where it was.
  store = await sqliteStore({ path: at('a') })
  a = await network.start({ node: 'a', store })
  expect(a.status().actor).toBe(actor)
  a.join(b.status().address)
  await set(a, 'page', increment('visits', 10))
  await converged([a, b], 'page')
  await a.stop()
  await store.close()

  const copied = await network.start({ node: 'a', store: closing(await sqliteStore({ path: at('copy') })) })
  expect(copied.status().actor).not.toBe(actor)
  await set(copied, 'page', increment('visits', 100))
  copied.join(b.status().address)
  await converged([copied, b], 'page')
  expect(await value(b, 'page')).toEqual({ visits: 111 })
})

test('one new actor does for all lives of a disk that was put back, and another one where that was lost, too', async () => {
  const medium = memoryMedium()
  await memoryStore({ medium }).close()
  const store = closing(memoryStore({ medium }))
  await store.setValue('own/node/actor', 'a~AAAAAAAAAAAAAAAA')
  const actor = await open(store)
  expect(actor.forLife('one', 'own').id).toBe('a~AAAAAAAAAAAAAAAA')
  const second = actor.forLife('one', 'new').id
  expect(second).not.toBe('a~AAAAAAAAAAAAAAAA')
  expect([actor.forLife('two', 'new').id, actor.forLife('one', 'own').id]).toEqual([second, second])
  const third = actor.forLife('two', 'new').id
  expect(third).not.toBe(second)
  expect(actor.forLife('one', 'own').id).toBe(third)
})

test('what a store does not notice the others do: a node that knows less of itself than they goes on as another', async () => {
  const network = testNetwork()
  const b = await network.start({ node: 'b' })
  const before = await network.start({ node: 'a' })
  before.join(b.status().address)
  for (const document of ['one', 'two', 'three']) await set(before, document, increment('visits', 1))
  for (const document of ['one', 'two', 'three']) await converged([before, b], document)
  const { actor } = before.status()
  await before.stop()

  // An empty store that says that it went on, and has the actor of the one before.
  const medium = memoryMedium()
  const empty = memoryStore({ medium })
  await empty.setValue('own/node/actor', actor)
  await empty.close()
  const a = await network.start({ node: 'a', store: closing(memoryStore({ medium })) })
  expect(a.status().actor).toBe(actor)
  a.join(b.status().address)
  for (const document of ['one', 'two', 'three']) await converged([a, b], document)
  await set(a, 'two', increment('visits', 100))
  await converged([a, b], 'two')
  // Whatever it writes to, it must not stamp again what it has stamped before.
  await set(a, 'one', increment('visits', 10))
  await converged([a, b], 'one')
  expect(await value(b, 'one')).toEqual({ visits: 11 })
  expect([await value(b, 'two'), await value(b, 'three')]).toEqual([{ visits: 101 }, { visits: 1 }])
})

import { HybridClock } from '@joinery/core'
import { memoryMedium, memoryStore } from '@joinery/storage/memory'
import type { Store } from '@joinery/sync'
import { expect, test } from 'vitest'
import { serverActor } from '../../src/index.ts'

const clock = new HybridClock(() => 1)
let epochs = 0
const epoch = () => {
  epochs += 1
  return new Uint8Array(12).fill(epochs)
}

/** The store as the owner of a seat has it. */
function onSeat(store: Store, seat: string, continuous: boolean): Store {
  return new Proxy(store, {
    get(target, name) {
      if (name === 'identity') return { ...target.identity, seat, continuous }
      const value = Reflect.get(target, name, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

async function actorOf(store: Store): Promise<string> {
  return (await serverActor({ store, clock, epoch })).id
}

test('the actor of a store with one owner is kept as long as the store continues', async () => {
  const medium = memoryMedium()
  const first = memoryStore({ medium })
  const actor = await actorOf(first)
  expect(await first.value('own/server/actor')).toBe(actor)
  await first.close()
  const again = memoryStore({ medium })
  expect(await actorOf(again)).toBe(actor)
  const restored = onSeat(again, '1', false)
  expect(await actorOf(restored)).not.toBe(actor)
})

test('each seat keeps an actor of its own', async () => {
  const store = memoryStore()
  const [one, two] = [await actorOf(onSeat(store, '1', false)), await actorOf(onSeat(store, '2', false))]
  expect(one).not.toBe(two)
  expect(await actorOf(onSeat(store, '1', true))).toBe(one)
  expect(await actorOf(onSeat(store, '2', true))).toBe(two)
  expect(await actorOf(onSeat(store, '1', false))).not.toBe(one)
  expect(await store.value('own/server/actor')).toBeUndefined()
})

import type { Receipt, Store } from '@joinery/sync'
import { bytesOf } from '../store-helpers.ts'

function receiptAt(tenant: string, key: string, expiresAtMs?: number): Receipt {
  const receipt = { tenant, scope: 'scope', key, requestHash: `hash of ${key}`, answer: `{"to":"${key}"}` }
  return expiresAtMs === undefined ? receipt : { ...receipt, expiresAtMs }
}

interface Step {
  readonly id: string
  readonly kind: 'begin' | 'append' | 'end'
  readonly on: number
  readonly life?: string
  readonly changes?: readonly string[]
}

/** A store with a document of every kind in two tenants, receipts with and without an end, and values. The same each time. */
export async function fillContents(store: Store): Promise<void> {
  for (const tenant of ['acme', 'b\u00e9ta']) {
    const step = ({ id, kind, on, life = 'life-1', changes = ['one'] }: Step) => {
      const entries = changes.map((change) => ({
        change: bytesOf(`${tenant} ${id} ${change}`),
        attributes: `{"of":"${change}"}`,
      }))
      const key = { tenant, id }
      return store.commit({ key, kind, expectedVersion: on, incarnation: life, attributes: '{"type":"text"}', entries })
    }
    await step({ id: 'plain', kind: 'begin', on: 0, changes: ['one', 'two'] })
    await step({ id: 'folded', kind: 'begin', on: 0, changes: ['one', 'two', 'three'] })
    await step({ id: 'deleted', kind: 'begin', on: 0 })
    await step({ id: 'deleted', kind: 'end', on: 1 })
    await step({ id: 'second life', kind: 'begin', on: 0 })
    await step({ id: 'second life', kind: 'end', on: 1, changes: ['ended'] })
    await step({ id: 'second life', kind: 'begin', on: 2, life: 'life-2' })
    await step({ id: 'plain', kind: 'append', on: 2, changes: ['three'] })
    const snapshot = { version: 2, incarnation: 'life-1', bytes: Uint8Array.of(0, 1, 254, 255), attributes: 'tags' }
    await store.compact({ tenant, id: 'folded' }, snapshot, 2)
    await store.importReceipts([
      receiptAt(tenant, 'for ever'),
      receiptAt(tenant, 'soon', 1_000),
      receiptAt(tenant, 'late', 5_000),
    ])
  }
  await store.setValue('key/1', '{"id":"1"}')
  await store.setValue('settings', '')
  await store.setValue('own/server/actor', 'the one that must not be copied')
}

/** The store, with something done before the so-manieth call of a method. */
export function disturbed<M extends keyof Store>(store: Store, method: M, at: number, disturb: () => unknown): Store {
  let calls = 0
  return new Proxy(store, {
    get(target, name) {
      const member = Reflect.get(target, name, target)
      if (typeof member !== 'function') return member
      return async (...parameters: unknown[]) => {
        if (name === method) {
          calls += 1
          if (calls === at) await disturb()
        }
        return Reflect.apply(member, target, parameters)
      }
    },
  })
}

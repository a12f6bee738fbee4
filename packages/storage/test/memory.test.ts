import { describe, expect, test } from 'vitest'
import { memoryMedium, memoryStore } from '../src/memory.ts'
import { testStore } from '../src/testing.ts'

const media = new Map<string, ReturnType<typeof memoryMedium>>()

function mediumAt(place: string) {
  const medium = media.get(place) ?? memoryMedium()
  media.set(place, medium)
  return medium
}

const soak = process.env.JOINERY_SOAK !== undefined

testStore({
  name: 'memory',
  runner: { describe, test },
  open: async (place) => memoryStore({ medium: mediumAt(place) }),
  supports: { persistence: true, singleOwner: true, manyOwners: 'it has one owner' },
  random: { seed: 1, runs: soak ? 2000 : 100, steps: 150 },
})

describe('memory', () => {
  test('without a medium every store starts empty', async () => {
    const store = memoryStore()
    await store.setValue('name', 'value')
    await store.close()
    expect(await memoryStore().values('')).toEqual([])
  })

  test('the store id comes from the random source given', () => {
    const store = memoryStore({ random: (count) => new Uint8Array(count).fill(0xab) })
    expect(store.identity).toEqual({ storeId: 'ab'.repeat(16), continuous: false })
  })

  test('bytes handed in may change afterwards', async () => {
    const store = memoryStore()
    const change = Uint8Array.of(1, 2, 3)
    const key = { tenant: 't', id: 'd' }
    const entries = [{ change, attributes: '' }]
    await store.commit({ key, expectedVersion: 0, kind: 'begin', incarnation: 'i', entries })
    change.fill(9)
    expect((await store.log(key, { after: 0, limit: 1 }))[0]?.change).toEqual(Uint8Array.of(1, 2, 3))
  })
})

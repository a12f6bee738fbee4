import type { TestStoreOptions } from '../../src/testing.ts'

/** What the page and the tests must say alike: the names of the cases follow from it. */
export function suiteOptions(isSoak: boolean): Pick<TestStoreOptions, 'name' | 'supports' | 'random'> {
  return {
    name: 'indexeddb',
    supports: { persistence: true, singleOwner: true, manyOwners: 'it has one owner' },
    random: { seed: 1, runs: isSoak ? 200 : 8, steps: 150 },
  }
}

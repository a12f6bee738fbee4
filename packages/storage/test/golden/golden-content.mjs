/** What the golden files hold. `expectGolden` looks for it. */
export async function writeGolden(store) {
  const bytes = (text) => new TextEncoder().encode(text)

  function commit(id, kind, expectedVersion, changes, more = {}) {
    const entries = changes.map((change) => ({ change: bytes(change), attributes: `of ${change}` }))
    const key = { tenant: 'tenant', id }
    return store.commit({ key, kind, expectedVersion, incarnation: 'life-1', attributes: 'document', entries, ...more })
  }

  const receipt = {
    tenant: 'tenant',
    scope: 'scope',
    key: 'key',
    requestHash: 'hash',
    answer: 'answer',
    expiresAtMs: 5,
  }
  await commit('compacted', 'begin', 0, ['one', 'two', 'three'], { receipt })
  const snapshot = { version: 2, incarnation: 'life-1', bytes: Uint8Array.of(0, 1, 254, 255), attributes: 'tags' }
  await store.compact({ tenant: 'tenant', id: 'compacted' }, snapshot, 1)
  await commit('deleted', 'begin', 0, ['begun'])
  await commit('deleted', 'end', 1, ['ended'])
  await commit('second life', 'begin', 0, ['begun'])
  await commit('second life', 'end', 1, ['ended'])
  await commit('second life', 'begin', 2, ['begun again'], { incarnation: 'life-2' })
  // Positions that entries of the other tenant have, which format 1 of SQLite could not keep.
  const key = { tenant: 'imported', id: 'kept' }
  const head = {
    key,
    version: 2,
    incarnation: 'life-1',
    deleted: false,
    attributes: '',
    snapshotVersion: 0,
    compactedVersion: 0,
  }
  const entry = (version, position) => ({
    key,
    version,
    position,
    incarnation: 'life-1',
    change: bytes('x'),
    attributes: '',
  })
  await store.importDocument({ head, log: [entry(1, 3), entry(2, 9)] }, { arrival: 'kept' })
  await store.setValue('name\0', 'value \u{1f600}')
}

/**
 * What is written until the kill: commits, compactions, imports and values, each reported when it was acknowledged. It runs in
 * processes and in pages, so it needs nothing of either.
 *
 * `report` is told each acknowledged step and waited for, `sumOf` answers with the SHA-256 of bytes, and `name` is another one
 * for each writer of a store.
 */
export async function writeForever(store, { seed, name, report, sumOf }) {
  let state = seed >>> 0
  function below(bound) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * bound)
  }

  async function checkedBytes(length) {
    const bytes = new Uint8Array(length)
    for (let i = 0; i < length; i += 1) bytes[i] = below(256)
    return { bytes, sum: await sumOf(bytes) }
  }

  /** Entries that say how many they are, so that a torn commit shows. */
  async function entriesOf(count) {
    const commit = `${name} ${below(2 ** 31)}`
    const lengths = Array.from({ length: count }, () => (below(10) === 0 ? 1 + below(20_000) : 1 + below(300)))
    const all = await Promise.all(lengths.map(checkedBytes))
    return all.map(({ bytes, sum }, index) => ({
      change: bytes,
      attributes: JSON.stringify({ commit, index, count, sum }),
    }))
  }

  let receipts = 0
  async function step(key, head) {
    const version = head?.version ?? 0
    const lives = head !== undefined && !head.deleted
    const kind = lives ? (below(40) === 0 ? 'end' : 'append') : 'begin'
    const incarnation = lives ? head.incarnation : `life of ${name} from ${version}`
    const entries = await entriesOf(kind === 'end' ? 1 : 1 + below(5))
    receipts += 1
    const receiptKey = `${name} ${receipts}`
    const isAnswered = below(3) === 0
    const receipt = { tenant: 'tenant', scope: 'crash', key: receiptKey, requestHash: 'hash', answer: receiptKey }
    const commit = { key, kind, expectedVersion: version, incarnation, entries, ...(isAnswered ? { receipt } : {}) }
    await store.commit(commit)
    const to = version + entries.length
    await report({
      type: 'commit',
      id: key.id,
      to,
      incarnation,
      deleted: kind === 'end',
      ...(isAnswered ? { receiptKey } : {}),
    })
    if (kind === 'append' && below(20) === 0) {
      const { bytes, sum } = await checkedBytes(1 + below(50_000))
      await store.compact(key, { version: to, incarnation, bytes, attributes: sum }, to - below(Math.min(to, 10)))
      await report({ type: 'compact', id: key.id, version: to, incarnation })
    }
  }

  async function writeDocument(key) {
    for (;;) await step(key, await store.head(key))
  }

  async function writeValue() {
    for (let value = Number((await store.value('counter')) ?? 0) + 1; ; value += 1) {
      await store.setValue('counter', `${value}`)
      await report({ type: 'value', value })
    }
  }

  /** A document as another store could have it; the number of its life rises. */
  async function documentOf(key, number, place) {
    const incarnation = `import ${number}`
    const snapshot = below(3) === 0 ? await checkedBytes(1 + below(50_000)) : undefined
    const base = below(2) === 0 ? 1 + below(5) : 0
    let position = place
    const entry = (version, { change, attributes }, life) => {
      position += 5
      return { key, version, position, incarnation: life, change, attributes }
    }
    const tombstone = base > 1 ? entry(base, (await entriesOf(1))[0], 'ended') : undefined
    const begins = tombstone ? base : 0
    const compactedVersion = snapshot ? begins + 1 + below(3) : begins
    const entries = await entriesOf(snapshot ? below(6) : 1 + below(6))
    const log = entries.map((one, i) => entry(compactedVersion + i + 1, one, incarnation))
    const head = {
      key,
      version: compactedVersion + log.length,
      incarnation,
      deleted: false,
      attributes: '',
      compactedVersion,
    }
    const stored = snapshot && {
      version: compactedVersion,
      incarnation,
      bytes: snapshot.bytes,
      attributes: snapshot.sum,
    }
    return {
      head: { ...head, snapshotVersion: stored?.version ?? 0 },
      log,
      ...(tombstone && { tombstone }),
      ...(stored && { snapshot: stored }),
    }
  }

  /** Imports a document over itself again and again, and receipts with it. Positions of the five never meet. */
  async function importDocument(place) {
    const key = { tenant: 'imported', id: `${place}` }
    const last = (await store.head(key))?.incarnation ?? 'import 0'
    for (let number = Number(last.slice(7)) + 1; ; number += 1) {
      const receiptKeys = [`${place} ${number} a`, `${place} ${number} b`]
      const receiptsOf = receiptKeys.map((one) => ({
        tenant: 'tenant',
        scope: 'crash',
        key: one,
        requestHash: '',
        answer: one,
      }))
      await Promise.all([
        store.importDocument(await documentOf(key, number, place), { arrival: 'kept', replaces: true }),
        store.importReceipts(number % 20 === 0 ? receiptsOf : []),
      ])
      await report({ type: 'import', id: key.id, number, ...(number % 20 === 0 && { receiptKeys }) })
    }
  }

  await report({ type: 'open', ...store.identity })
  const documents = ['a', 'b', 'c', 'd', 'e'].map((id) => writeDocument({ tenant: 'tenant', id }))
  const imports = [1, 2, 3, 4, 5].map((place) => importDocument(place))
  await Promise.all([...documents, ...imports, writeValue()])
}

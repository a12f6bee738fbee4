// Random edits on every type, as an application makes them. Shared by tests and by the processes that are killed.
import {
  boundedCounter,
  defineSchema,
  dwFlag,
  ewFlag,
  gCounter,
  gSet,
  list,
  lww,
  mvRegister,
  orMap,
  orSet,
  pnCounter,
  struct,
  text,
  twoPhaseSet,
} from '@joinery/core'

export const schema = defineSchema({
  title: lww(),
  options: mvRegister(),
  tags: orSet(),
  seen: gSet(),
  once: twoPhaseSet(),
  votes: pnCounter(),
  visits: gCounter(),
  credits: boundedCounter(),
  open: ewFlag(),
  closed: dwFlag(),
  map: orMap(),
  records: orMap(struct({ name: lww(), count: pnCounter() })),
  body: text(),
  items: list(),
  steps: list(struct({ name: lww(), done: ewFlag() })),
})

/** A seeded generator (mulberry32). */
export function seeded(seed) {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (limit) => Math.floor(next() * limit)
  return { next, below, pick: (items) => items[below(items.length)] }
}

/** The edit that is counted: an element of its own, and one more on the counter, in one change. */
export function countedEdit(doc, label) {
  doc.change((root) => {
    root.visits.increment(1)
    root.items.push(label)
  })
}

/** Any other edit. */
export function anyEdit(doc, random) {
  const name = random.pick(['a', 'b', 'c', 'd'])
  const number = random.below(1000)
  const edits = [
    (root) => root.title.set(`${number}`),
    (root) => root.options.set(`${number}`),
    (root) => root.tags.add(name),
    (root) => root.tags.remove(name),
    (root) => root.seen.add(`${number}`),
    (root) => !root.once.wasRemoved(`${number}`) && root.once.add(`${number}`),
    (root) => root.once.size > 0 && root.once.remove([...root.once.values()][0]),
    (root) => root.votes.increment(1 + random.below(5)),
    (root) => root.votes.decrement(1 + random.below(5)),
    (root) => root.credits.increment(2),
    (root) => root.credits.rights() > 0 && root.credits.decrement(1),
    (root) => (random.below(2) === 0 ? root.open.enable() : root.open.disable()),
    (root) => (random.below(2) === 0 ? root.closed.enable() : root.closed.disable()),
    (root) => root.map.setLww(name, number),
    (root) => root.map.remove(name),
    (root) => {
      const record = root.records.open(name)
      record.name.set(`${number}`)
      record.count.increment(1)
    },
    (root) => root.records.remove(name),
    (root) => root.body.insert(random.below(root.body.length + 1), `${number} `),
    (root) => root.body.length > 0 && root.body.delete(random.below(root.body.length), 1),
    (root) => root.steps.create(random.below(root.steps.length + 1)).name.set(`${number}`),
    (root) => root.steps.length > 0 && root.steps.get(random.below(root.steps.length)).done.enable(),
    (root) => root.steps.length > 1 && root.steps.move(random.below(root.steps.length), 0),
    (root) => root.steps.length > 3 && root.steps.delete(random.below(root.steps.length)),
  ]
  doc.change(random.pick(edits))
}

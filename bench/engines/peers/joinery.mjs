/** Ours: documents with one field. */
import { readFileSync } from 'node:fs'
import { fileURLToPath, pathToFileURL } from 'node:url'

/** The package as built here, or elsewhere: so that two builds can be compared. */
const { JOINERY_BENCH_CORE } = process.env
const home =
  JOINERY_BENCH_CORE === undefined
    ? new URL('../../../packages/core/', import.meta.url)
    : pathToFileURL(`${JOINERY_BENCH_CORE}/`)
const { Doc, defineSchema, encodeBundle, list, lww, orMap, orSet, pnCounter, text } = await import(
  new URL('dist/index.js', home).href
)
const { newActor } = await import(new URL('dist/system.js', home).href)

const schemas = {
  text: defineSchema({ field: text() }),
  list: defineSchema({ field: list() }),
  map: defineSchema({ field: orMap(lww()) }),
  set: defineSchema({ field: orSet() }),
  counter: defineSchema({ field: pnCounter() }),
  register: defineSchema({ field: lww() }),
}

class Replica {
  doc
  field

  constructor(doc) {
    this.doc = doc
    this.field = doc.root.field
  }

  run(mutate) {
    this.doc.change(mutate)
  }

  change(mutate) {
    return this.doc.change(mutate)
  }

  apply(update) {
    this.doc.apply(update)
  }

  applyAll(bundle) {
    this.doc.apply(bundle)
  }

  encode() {
    return this.doc.snapshot()
  }

  insert(position, string) {
    this.field.insert(position, string)
  }

  remove(position, count) {
    this.field.delete(position, count)
  }

  read() {
    return this.field.toString()
  }

  insertValues(index, values) {
    this.field.insert(index, ...values)
  }

  removeValues(index, count) {
    this.field.delete(index, count)
  }

  values() {
    return this.field.toJSON()
  }

  set(key, value) {
    this.field.setLww(key, value)
  }

  get(key) {
    return this.field.getLww(key)
  }

  add(value) {
    this.field.add(value)
  }

  has(value) {
    return this.field.has(value)
  }

  size() {
    return this.field.size
  }

  increment() {
    this.field.increment()
  }

  count() {
    return this.field.value
  }

  write(value) {
    this.field.set(value)
  }

  value() {
    return this.field.value
  }
}

const actor = (index) => newActor(`replica-${index}`)

export const peer = {
  name: 'joinery',
  version: JSON.parse(readFileSync(new URL('package.json', home), 'utf8')).version,
  runs: 'js',
  history: 'dropped',
  kinds: Object.keys(schemas),
  objects: true,
  open: (kind, index) => new Replica(new Doc({ schema: schemas[kind], incarnation: 'i', actor: actor(index) })),
  load: (kind, bytes, index) => new Replica(Doc.load(bytes, { schema: schemas[kind], actor: actor(index) })),
  batchOf: encodeBundle,
  weights: {
    core: "export * from './dist/index.js'; export { newActor } from './dist/system.js'",
    text: "export { Text } from './dist/types/text.js'; export { newActor } from './dist/system.js'",
    'text-document':
      "export { SchemaDoc, defineSchema, text } from './dist/index.js'; export { newActor } from './dist/system.js'",
    counter: "export { PnCounter } from './dist/types/pn-counter.js'; export { newActor } from './dist/system.js'",
  },
  home: fileURLToPath(home),
}

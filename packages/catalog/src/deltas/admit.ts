/**
 * Deltas from elsewhere: read, and found to be what they say, before anything is changed. What is admitted here is nobody else's to
 * refuse, so everything that this node would refuse of its own users is refused here: names, sizes, times, types, places.
 */
import {
  actorId,
  CoreError,
  limits as coreLimits,
  HybridClock,
  OrMap,
  replicaId,
  SchemaDoc,
  type TypeTable,
  tags,
} from '@joinery/core'
import { CatalogError } from '../errors.ts'
import type { CatalogLimits } from '../limits.ts'
import { checkField, checkId } from '../model/checks.ts'
import { documentOf, type Shard, shardIn } from '../model/shards.ts'
import { canonicalJson } from './delta.ts'
import { changeName, deltasOf, type RowEffect, readCatalogChange, stateOf } from './describe.ts'

/** The life of each part of the catalog. It is never deleted, so it has but one: see `packages/node/src/lives.ts`. */
const INCARNATION = '1'
const READER = actorId(replicaId('reader'), new Uint8Array(12))
const STATE = 'catalog:'
/** A state with anything else in it is refused. */
const onlyMaps: TypeTable = (tag, place) => (tag === tags.ormap ? new OrMap(place) : undefined)

/** A delta that may be applied. */
export interface AdmittedDelta {
  readonly shard: Shard
  /** The same for all deltas that carry the same bytes. */
  readonly change: string
  readonly bytes: Uint8Array
  /** Per author up to where it reaches: what is known as far as this is stale. */
  readonly reaches: ReadonlyMap<string, number>
}

export interface AdmissionOptions {
  readonly limits: CatalogLimits
  /** The latest time that is believed, in microseconds. */
  readonly timeMaxMicros: number
  /** Changes of this request by their bytes: the deltas of one have the same. */
  readonly read: Map<string, ReadChange>
}

/** A change that may be applied, with what its deltas read like. */
export interface ReadChange {
  readonly admitted: AdmittedDelta
  readonly texts: ReadonlySet<string>
}

/** Throws `CATALOG_DELTA_*`. */
export function admitDelta(given: unknown, options: AdmissionOptions): AdmittedDelta {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) malformed('a delta is a JSON object')
  const { type, bytes: text } = given as { readonly type?: unknown; readonly bytes?: unknown }
  if (type !== 'orset' && type !== 'lww' && type !== 'state') malformed('type is orset, lww or state')
  if (typeof text !== 'string') malformed('bytes is base64 text')
  try {
    return type === 'state' ? admitState(given, text, options) : admitChange(given, text, options)
  } catch (error) {
    if (error instanceof CoreError) throw ofCore(error)
    throw error
  }
}

function admitChange(given: object, text: string, options: AdmissionOptions): AdmittedDelta {
  const read = options.read.get(text) ?? readChange(text, options)
  options.read.set(text, read)
  if (!read.texts.has(canonicalJson(given))) mismatch()
  return read.admitted
}

/** Of the second byte of a change: docs/FORMAT.md, section 4. */
const FLAGS_KNOWN = 15

function readChange(text: string, options: AdmissionOptions): ReadChange {
  const bytes = decodeBase64(text, options.limits)
  // What a later version may mean by others cannot be shown, and what is not shown is not taken.
  if ((bytes[1] ?? 0) > FLAGS_KNOWN) malformed('the change has flags that nobody knows')
  const change = readCatalogChange(bytes)
  const { shard, header, effects } = change
  if (header.incarnation !== INCARNATION) foreign('the change is of another life')
  if (header.timeMicros > options.timeMaxMicros) ahead()
  for (const effect of effects) checkEffect(effect, options)
  const reaches = new Map([[header.actor as string, header.first + header.length - 1]])
  const admitted = { shard, change: changeName(shard, header), bytes, reaches }
  return { admitted, texts: new Set(deltasOf(change).map(canonicalJson)) }
}

function checkEffect({ id, field, effect: { write } }: RowEffect, { limits, timeMaxMicros }: AdmissionOptions): void {
  foreignUnless(() => {
    checkId(id, limits)
    if (field !== '') checkField(field, limits)
  })
  if (write === undefined) return
  if (write.timeMicros > timeMaxMicros) ahead()
  if (Buffer.byteLength(JSON.stringify(write.value)) > limits.metadataBytesMax) {
    foreign(`a value has at most ${limits.metadataBytesMax} bytes`)
  }
}

/** A state is loaded beside the catalog, by a document that knows no types but those of catalogs. */
function admitState(given: object, text: string, { limits, timeMaxMicros }: AdmissionOptions): AdmittedDelta {
  const bytes = decodeBase64(text, limits)
  const { key } = given as { readonly key?: unknown }
  const isNamed = typeof key === 'string' && key.startsWith(STATE)
  const shard = isNamed ? shardIn(documentOf(key.slice(STATE.length))) : undefined
  if (shard === undefined) malformed('the key of a state names a part of the catalog')
  const actor = { id: READER, clock: new HybridClock(() => 0) }
  const doc = new SchemaDoc({ actor, incarnation: INCARNATION, types: onlyMaps })
  doc.apply(bytes, { timeMaxMicros })
  const state = stateOf(shard, doc)
  const fields = Object.keys(doc.toJSON() as object)
  if (fields.some((field) => !Object.hasOwn(state.entries, field))) foreign('the state holds more than entries')
  if (canonicalJson(state) !== canonicalJson(given)) mismatch()
  for (const entries of Object.values(state.entries)) {
    for (const [id, metadata] of Object.entries(entries)) {
      foreignUnless(() => {
        checkId(id, limits)
        for (const field of Object.keys(metadata)) checkField(field, limits)
      })
    }
  }
  return { shard, change: state.change, bytes, reaches: new Map(Object.entries(state.clock)) }
}

function decodeBase64(text: string, { deltaBytesMax }: CatalogLimits): Uint8Array {
  if (text.length > Math.ceil(deltaBytesMax / 3) * 4) malformed(`a delta has at most ${deltaBytesMax} bytes`)
  const bytes = Buffer.from(text, 'base64')
  // What Node passes over would be another text for the same bytes.
  if (bytes.toString('base64') !== text) malformed('bytes is base64 text')
  return new Uint8Array(bytes)
}

function foreignUnless(check: () => void): void {
  try {
    check()
  } catch (error) {
    if (error instanceof CatalogError) foreign(error.message)
    throw error
  }
}

/** What core says of bytes that it does not take, in the terms of who sent them. */
export function ofCore(cause: CoreError): CatalogError {
  const { message } = cause
  switch (cause.code) {
    case 'CORE_TIME_AHEAD':
      return new CatalogError('CATALOG_DELTA_AHEAD', message, { cause })
    case 'CORE_ACTOR_FORKED':
    case 'CORE_ACTOR_REUSED':
      return new CatalogError('CATALOG_DELTA_FORKED', message, { cause })
    case 'CORE_INCARNATION_MISMATCH':
    case 'CORE_FORMAT_UNSUPPORTED':
      return new CatalogError('CATALOG_DELTA_FOREIGN', message, { cause })
    case 'CORE_BUFFER_FULL':
      return new CatalogError('CATALOG_DELTA_EARLY', message, { cause })
    default:
      return new CatalogError('CATALOG_DELTA_MALFORMED', `the bytes cannot be read: ${message}`, { cause })
  }
}

/** How far ahead of this node's clock a time may be. */
export function timeMaxMicros(nowMs: number): number {
  return (nowMs + coreLimits.clockDriftMsMax) * 1000
}

function malformed(detail: string): never {
  throw new CatalogError('CATALOG_DELTA_MALFORMED', detail)
}

function foreign(detail: string): never {
  throw new CatalogError('CATALOG_DELTA_FOREIGN', detail)
}

function mismatch(): never {
  throw new CatalogError('CATALOG_DELTA_MISMATCH', 'what is readable is not what the bytes say')
}

function ahead(): never {
  throw new CatalogError(
    'CATALOG_DELTA_AHEAD',
    `a time is more than ${coreLimits.clockDriftMsMax} ms ahead of this node`,
  )
}

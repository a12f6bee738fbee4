/** What a document is on a server: empty, not ready, connected to nothing. */
import { type FieldSpecs, type Schema, SchemaDoc } from '@joinery/core'
import { newActor } from '@joinery/core/system'
import { ClientError } from '../errors.ts'
import type { ClientStatus, DocStatus, LiveDoc, Presence, RefusedEdits, Undo } from '../live/types.ts'
import { never, nothing } from './provider.ts'

const docs = new WeakMap<Schema, LiveDoc>()

/** The same one for the same schema. */
export function inertDoc<S extends FieldSpecs>(schema: Schema<S>): LiveDoc<S> {
  let doc = docs.get(schema as Schema) as LiveDoc<S> | undefined
  if (doc === undefined) {
    doc = makeInert(schema)
    docs.set(schema as Schema, doc as LiveDoc)
  }
  return doc
}

export const INERT_STATUS: DocStatus = {
  connection: 'offline',
  pending: 0,
  storedAtMs: undefined,
  durable: 0,
  refused: 0,
  lastError: undefined,
}

export const INERT_CLIENT_STATUS: ClientStatus = {
  online: false,
  pending: 0,
  lastError: undefined,
  storage: { durable: true, warning: undefined },
}

const NOT_READY = 'the document is opened in the browser'

function refuseNow(): never {
  throw new ClientError('CLIENT_NOT_READY', NOT_READY)
}

const refuseLater = (): Promise<never> => Promise.reject(new ClientError('CLIENT_NOT_READY', NOT_READY))
const later = async (): Promise<void> => {}
const presence: Presence = { set: nothing, others: new Map(), subscribe: never }
const undo: Undo = { canUndo: false, canRedo: false, undo: refuseNow, redo: refuseNow, stopGrouping: nothing }

function makeInert<S extends FieldSpecs>(schema: Schema<S>): LiveDoc<S> {
  const empty = new SchemaDoc<S>({ schema, actor: newActor('server'), incarnation: 'inert' })
  const refused: RefusedEdits = {
    list: [],
    retry: refuseLater,
    discard: refuseLater,
    export: () => ({ id: '', edits: [], value: empty.toJSON() }),
  }
  return {
    id: '',
    // Nobody is to wait for it: it is never ready.
    ready: new Promise<void>(nothing),
    isReady: false,
    root: empty.root,
    change: refuseNow,
    toJSON: () => empty.toJSON(),
    snapshot: () => empty.snapshot(),
    subscribe: never,
    select: never,
    status: INERT_STATUS,
    onStatus: never,
    saved: refuseLater,
    durable: refuseLater,
    refused,
    presence,
    undo,
    close: later,
  }
}

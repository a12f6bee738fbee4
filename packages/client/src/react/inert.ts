/** What a document is on a server: empty, not ready, connected to nothing. */
import { type FieldSpecs, type Schema, SchemaDoc } from '@joinery/core'
import { newActor } from '@joinery/core/system'
import { ClientError } from '../errors.ts'
import type { ClientStatus, DocStatus, LiveDoc } from '../live/types.ts'
import { never, nothing } from './provider.ts'

const docs = new WeakMap<object, unknown>()

/** The same one for the same schema. */
export function inertDoc<S extends FieldSpecs>(schema: Schema<S>): LiveDoc<S> {
  const doc = (docs.get(schema) as LiveDoc<S> | undefined) ?? makeInert(schema)
  docs.set(schema, doc)
  return doc
}

const lastError = undefined

const status: DocStatus = {
  connection: 'offline',
  pending: 0,
  durable: 0,
  refused: 0,
  storedAtMs: undefined,
  lastError,
}

export const INERT_CLIENT_STATUS: ClientStatus = {
  online: false,
  pending: 0,
  lastError,
  storage: { durable: true, warning: lastError },
}

function refuse(): never {
  throw new ClientError('CLIENT_NOT_READY', 'on a server')
}

function makeInert<S extends FieldSpecs>(schema: Schema<S>): LiveDoc<S> {
  const { root } = new SchemaDoc<S>({ schema, actor: newActor('server'), incarnation: 'inert' })
  return {
    id: '',
    // Nobody is to wait for it: it is never ready.
    ready: new Promise<void>(nothing),
    isReady: false,
    root,
    change: refuse,
    toJSON: refuse,
    snapshot: refuse,
    subscribe: never,
    select: never,
    status,
    onStatus: never,
    saved: refuse,
    durable: refuse,
    refused: { list: [], retry: refuse, discard: refuse, export: refuse },
    presence: { set: nothing, others: new Map(), subscribe: never },
    undo: { canUndo: false, canRedo: false, undo: refuse, redo: refuse, stopGrouping: nothing },
    close: refuse,
  }
}

/** A client's session that hears what the test says, and keeps what it says itself. */
import type { Actor, FieldSpecs, Schema, SchemaDoc } from '@joinery/core'
import {
  type ClientFrame,
  ClientSession,
  decodeClientFrame,
  encodeFrame,
  type FollowedDocument,
  type FollowedEvents,
  type FollowedOptions,
  type ServerFrame,
} from '../../src/index.ts'
import { TestTime } from './host.ts'

export interface ConnectedClient<S extends FieldSpecs> {
  readonly session: ClientSession
  readonly followed: FollowedDocument<S>
  readonly said: ClientFrame[]
  hear(...frames: readonly ServerFrame[]): void
  connect(storeId?: string): void
}

/** @param doc what is here already. */
export function connectedClient<S extends FieldSpecs>(
  schema: Schema<S>,
  actor: Actor,
  doc?: SchemaDoc<S>,
  events: FollowedEvents = {},
  options: Partial<FollowedOptions<S>> = {},
): ConnectedClient<S> {
  const said: ClientFrame[] = []
  const session = new ClientSession({
    tenant: 't',
    node: 'ben',
    agent: 'a',
    scheduler: new TestTime(),
    random: () => 0,
    onFault: (error) => {
      throw error
    },
  })
  const followed = session.follow(
    { id: 'd', type: 'doc', actor, schema, newIncarnation: () => 'other', ...(doc && { doc }), ...options },
    events,
  )
  const hear = (...frames: readonly ServerFrame[]): void => {
    for (const frame of frames) session.receive(encodeFrame(frame))
  }
  const connect = (storeId = 's'): void => {
    session.connected({
      send: (frame) => void said.push(decodeClientFrame(frame)),
      waitingBytes: 0,
      close() {},
      drop() {},
    })
    hear({
      kind: 'welcome',
      version: 1,
      features: 0,
      storeId,
      session: 'x',
      serverMicros: 0,
      frameBytesMax: 262_144,
      heartbeatMs: 30_000,
    })
  }
  connect()
  return { session, followed, said, hear, connect }
}

/** What a server says that has the life of this name, at version 2. */
export const subscribed = (request: number): Extract<ServerFrame, { kind: 'subscribed' }> => ({
  kind: 'subscribed',
  request,
  handle: 7,
  incarnation: 'life',
  version: 2,
  known: 0,
  knownCheck: 0,
  window: 1_048_576,
})

/** The handle of a document, as the application holds it. */
import type { FieldSpecs, Fields, JsonValue, Path } from '@joinery/core'
import { ClientError } from '../errors.ts'
import { onHide } from '../host.ts'
import { Listeners, Watched } from './listeners.ts'
import type { Place } from './place.ts'
import { PresenceState } from './presence.ts'
import { undoName } from './records.ts'
import { refusedError } from './refused-edits.ts'
import { Replica, type ReplicaOptions } from './replica.ts'
import { selectPath, selectWith } from './select.ts'
import type { DocReplica } from './tabs.ts'
import type {
  DocConnection,
  DocStatus,
  LiveDoc,
  LiveDocEvent,
  Presence,
  RefusedEdits,
  RefusedExport,
  Undo,
} from './types.ts'
import { UndoKeeper } from './undo-keeper.ts'

export interface LiveDocumentOptions<S extends FieldSpecs>
  extends Pick<ReplicaOptions<S>, 'id' | 'schema' | 'type' | 'types' | 'shared' | 'after'> {
  /** Whether the client is connected. */
  readonly connection: () => 'connecting' | 'online' | 'offline'
  readonly onStatus: () => void
  /** The handle was closed once more. Resolves when that is done. */
  readonly release: () => Promise<void>
}

export class LiveDocument<S extends FieldSpecs> implements LiveDoc<S> {
  readonly ready: Promise<void>
  readonly refused: RefusedEdits
  readonly undo: Undo
  readonly #options: LiveDocumentOptions<S>
  readonly #replica: DocReplica<S>
  readonly #events = new Listeners<[LiveDocEvent]>()
  readonly #status: Watched<DocStatus>
  readonly #presence: PresenceState
  readonly #undoKeeper: UndoKeeper
  readonly #endHide: () => void
  #loadError: ClientError | undefined
  #error: { readonly of: unknown; readonly is: ClientError } | undefined

  constructor(options: LiveDocumentOptions<S>) {
    this.#options = options
    const { host, limits } = options.shared
    this.#presence = new PresenceState({ host, limits, send: (state) => this.#replica.present(state) })
    const replica: ReplicaOptions<S> = {
      ...options,
      onChange: (event) => {
        this.#undoKeeper?.changed()
        this.#events.tell(event)
      },
      onStatus: () => this.touch(),
      onPeers: (peers) => this.#presence.heard(peers),
    }
    this.#replica = options.shared.tabs?.replica(replica) ?? new Replica(replica)
    this.#status = new Watched(() => this.#read())
    const { tenant, shelf } = options.shared
    const doc = (): DocReplica<S>['doc'] => this.#replica.doc
    this.#undoKeeper = new UndoKeeper({ name: undoName(tenant, options.id), host, limits, doc, shelf })
    this.#endHide = onHide(() => void this.#undoKeeper.flush())
    this.ready = this.#replica.loaded.then(() => this.#undoKeeper.resume().catch(() => {}))
    this.ready.catch((error: unknown) => {
      if (error instanceof ClientError) this.#loadError = error
      this.touch()
    })
    this.refused = this.#refusedEdits()
    this.undo = this.#undo()
  }

  get id(): string {
    return this.#options.id
  }

  get isReady(): boolean {
    return this.#replica.isReady
  }

  get root(): Fields<S> {
    return this.#replica.doc.root
  }

  change(mutate: (root: Fields<S>) => void): boolean {
    return this.#replica.change(mutate)
  }

  toJSON(): JsonValue {
    return this.#replica.doc.toJSON()
  }

  snapshot(): Uint8Array {
    return this.#replica.doc.snapshot()
  }

  subscribe(listener: (event: LiveDocEvent) => void): () => void {
    return this.#events.add(listener)
  }

  select<T>(what: Path | ((root: Fields<S>) => T), listener: (value: never) => void): () => void {
    const doc = (): DocReplica<S>['doc'] => this.#replica.doc
    const tell = listener as (value: unknown) => void
    return this.#events.add(typeof what === 'function' ? selectWith(doc, what, tell) : selectPath(doc, what, tell))
  }

  get status(): DocStatus {
    return this.#status.value
  }

  onStatus(listener: () => void): () => void {
    return this.#status.listen(listener)
  }

  saved(): Promise<void> {
    return this.#replica.saved()
  }

  durable(): Promise<void> {
    return this.#replica.durable()
  }

  get presence(): Presence {
    return this.#presence
  }

  close(): Promise<void> {
    return this.#options.release()
  }

  /** Lets go of everything, however often it was opened. */
  async end(): Promise<void> {
    this.#presence.close()
    this.#events.clear()
    this.#status.clear()
    this.#endHide()
    await this.#undoKeeper.flush()
    await this.#replica.close()
  }

  /** The storage was taken away, and this is another. */
  move(place: Place): Promise<void> {
    return this.#replica.move(place)
  }

  abandon(): void {
    this.#replica.abandon()
  }

  /** Something about the connection or the document may have changed. */
  touch(): void {
    // While the replica is made it tells of itself, and there is nobody to listen yet.
    if (this.#status === undefined) return
    this.#presence.live(this.#replica.isLive)
    this.#status.touch()
    this.#options.onStatus()
  }

  #read(): DocStatus {
    const replica = this.#replica
    return {
      connection: this.#connection(),
      pending: replica.pending,
      storedAtMs: replica.storedAtMs,
      durable: replica.undurable,
      lastError: this.#loadError ?? this.#refusalError(),
      refused: replica.refusedCount,
    }
  }

  #connection(): DocConnection {
    const connection = this.#options.connection()
    if (this.#loadError !== undefined || this.#replica.refusal !== undefined) return 'refused'
    if (connection !== 'online') return connection
    return this.#replica.isLive ? 'live' : 'connecting'
  }

  /** The same object for the same refusal. */
  #refusalError(): ClientError | undefined {
    const { refusal, refusedCount } = this.#replica
    const of = refusal ?? (refusedCount > 0 ? this.#replica.refused[0] : undefined)
    if (of === undefined) return undefined
    if (this.#error?.of !== of) {
      const is =
        refusal === undefined
          ? new ClientError('CLIENT_REFUSED', this.#replica.refused[0]?.message ?? '')
          : refusedError(refusal)
      this.#error = { of, is }
    }
    return this.#error.is
  }

  #refusedEdits(): RefusedEdits {
    const replica = this.#replica
    return {
      get list() {
        return replica.refused
      },
      retry: () => replica.retry(),
      discard: () => replica.discard(),
      export: (): RefusedExport => ({ id: this.id, edits: replica.refused, value: this.toJSON() }),
    }
  }

  #undo(): Undo {
    const replica = this.#replica
    const keeper = this.#undoKeeper
    return {
      get canUndo() {
        return keeper.manager.canUndo
      },
      get canRedo() {
        return keeper.manager.canRedo
      },
      undo() {
        replica.requireWritable()
        return keeper.manager.undo() !== undefined
      },
      redo() {
        replica.requireWritable()
        return keeper.manager.redo() !== undefined
      },
      stopGrouping: () => keeper.manager.stopGrouping(),
    }
  }
}

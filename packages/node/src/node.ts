/** A node: an engine with a store, transports and an actor. Catalog and cluster are built on it. */
import { type ChangeHeader, Doc, HybridClock } from '@joinery/core'
import type { Scheduler, Store } from '@joinery/sync'
import {
  type ActorChoice,
  type NodeStatus as EngineStatus,
  type Fork,
  isSignedSummary,
  type LifeKey,
  type MemberNews,
  NodeEngine,
  type Output,
  presenceBytesMax,
  type ReplicationLimits,
  type StoredLife,
} from '@joinery/sync/replication'
import { nodeCompression } from '@joinery/transport/deflate'
import type { NodeTransport, NodeTransportFigures, TransportPeer } from '@joinery/transport/nodes'
import { EngineLoop } from './engine-loop.ts'
import { NodeError } from './errors.ts'
import { LifeStore } from './life-store.ts'
import { type NodeLimits, nodeLimits } from './limits.ts'
import { CurrentLives, checkDocumentName } from './lives.ts'
import { NodeActor } from './node-actor.ts'
import type { NodeObserver } from './observer.ts'
import { Outcomes } from './outcomes.ts'
import { type NodeSigning, signingWith } from './signing.ts'
import { Transports } from './transports.ts'
import { type DocumentListener, WatchedDocuments } from './watched-documents.ts'

export interface NodeOptions {
  /** Name of the node, unique in its cluster: 1 to 128 bytes. */
  readonly node: string
  /** Nodes of one region prefer each other. */
  readonly region: string
  /** Its own, and nobody else's. Stays open when the node stops. */
  readonly store: Store
  /** Not yet open. At least one, or the node is alone. */
  readonly transports: readonly NodeTransport[]
  /** 16 bytes that all nodes of the cluster share and nobody else knows. */
  readonly digestKey: Uint8Array
  /** Milliseconds since 1970. */
  readonly wallMs: () => number
  /** Its clock is never set back. */
  readonly scheduler: Scheduler
  readonly randomBytes: (count: number) => Uint8Array
  /** Changes are signed, here and everywhere in the cluster: see docs/NODES.md. */
  readonly signing?: NodeSigning
  readonly observer?: NodeObserver
  readonly limits?: Partial<NodeLimits>
  readonly replication?: Partial<ReplicationLimits>
}

export interface EditOptions {
  /**
   * - `stored` (default): resolves when the change is durable here.
   * - `replicated`: resolves when it is durable on another node, too. Throws `NODE_NOT_REPLICATED` when that takes too long; the
   *   change stays.
   */
  readonly acknowledge?: 'stored' | 'replicated'
}

export type PresenceListener = (node: string, state: Uint8Array | undefined) => void

/** What changed, and whether others changed it. */
export interface DocumentNews {
  readonly document: string
  readonly origin: 'local' | 'remote'
}

export interface NodeStatus {
  readonly node: string
  readonly region: string
  /** Where others reach it; several are separated by spaces. */
  readonly address: string
  readonly actor: string
  readonly storeId: string
  readonly peers: readonly TransportPeer[]
  /** What is known of all nodes, those that are gone among them. */
  readonly members: readonly MemberNews[]
  readonly replication: EngineStatus
  readonly isSigned: boolean
  /** Actors of which two histories were met, the last ones found. */
  readonly forks: readonly Fork[]
  readonly transport: NodeTransportFigures
}

export interface JoineryNode {
  /** Keeps a connection to the node at this address, and finds the others through it. Throws `TRANSPORT_ADDRESS`. */
  join(address: string): void
  /** Whether the node says nothing to others and hears nothing of them, as if cut off: for drills. It reads and writes all the same. */
  isIsolated: boolean
  /**
   * Changes a document, or begins it. `write` is called once, with the document as it is then; what it throws is thrown, and
   * changes nothing. Answers what was changed; nothing where `write` changed nothing.
   */
  edit(document: string, write: (doc: Doc) => void, options?: EditOptions): Promise<readonly ChangeHeader[]>
  /**
   * Takes in changes or snapshots of a document that somebody else made and this node admits: limits and permissions are the caller's to
   * check. Resolves when what they say is durable, also where all of it was known; what comes before something that is missing waits in
   * memory. Throws `REPLICATION_MALFORMED`.
   */
  submit(document: string, parts: readonly Uint8Array[]): Promise<void>
  /** Reads a document. Throws `NODE_DOCUMENT_MISSING`. */
  read<T>(document: string, look: (doc: Doc) => T): Promise<T>
  /** Deletes a document. What others write to it meanwhile is not taken any more. Throws `NODE_DOCUMENT_MISSING`. */
  delete(document: string): Promise<void>
  /** Names of the documents that are there, ascending. */
  documents(): string[]
  /**
   * Told of each change of a document as it is applied, before it is durable, and when all of it is to be read anew; answers what ends
   * that. What is watched need not be there yet.
   */
  watch(document: string, listener: DocumentListener): () => void
  /**
   * What this node tells of itself for now, to all others: stored by nobody, and forgotten when it is not told anew for
   * `presenceMsMax`. Throws `NODE_PRESENCE_TOO_LARGE`.
   */
  setPresence(state: Uint8Array): void
  /** What nodes tell of themselves for now, this one included. */
  presence(): ReadonlyMap<string, Uint8Array>
  /** Told what a node tells of itself; undefined when it has not done so for long. Answers what ends that. */
  watchPresence(listener: PresenceListener): () => void
  /** Told of every change; answers what ends that. Listeners must not throw. */
  subscribe(listener: (news: DocumentNews) => void): () => void
  status(): NodeStatus
  /** Stores what was begun, tells the others if the node goes for good, and closes the transports. Idempotent. */
  stop(options?: { readonly leave?: boolean }): Promise<void>
}

/** Opens the transports and begins. Throws `TransportError`, `StoreError`, `NODE_STORE_SHARED`, `NODE_STORE_SIGNING`. */
export async function startNode(options: NodeOptions): Promise<JoineryNode> {
  const node = new RunningNode(options)
  await node.start()
  return node
}

interface Running {
  readonly engine: NodeEngine
  readonly loop: EngineLoop
  readonly actor: NodeActor
}

class RunningNode implements JoineryNode {
  readonly #options: NodeOptions
  readonly #limits: NodeLimits
  readonly #store: LifeStore
  readonly #transports: Transports
  readonly #outcomes: Outcomes
  readonly #lives = new CurrentLives()
  readonly #listeners = new Set<(news: DocumentNews) => void>()
  readonly #watched = new WatchedDocuments()
  readonly #presenceListeners = new Set<PresenceListener>()
  #running: Running | undefined
  #address = ''
  isIsolated = false
  /** Somebody may be where nobody was told of yet. */
  #hasNews = false

  constructor(options: NodeOptions) {
    this.#options = options
    this.#limits = { ...nodeLimits, ...options.limits }
    this.#store = new LifeStore(options.store, this.#limits)
    this.#transports = new Transports(options.transports)
    this.#outcomes = new Outcomes(options.scheduler, this.#limits)
  }

  async start(): Promise<void> {
    const { node, region, store, wallMs, randomBytes, digestKey, scheduler, observer = {} } = this.#options
    const { replication, signing } = this.#options
    const actor = await NodeActor.open({ store, node, clock: new HybridClock(wallMs), randomBytes })
    const lives = await this.#store.lives()
    requireSigning(lives, signing !== undefined)
    for (const life of lives) this.#lives.add(life, life.ended)
    // Who connects before the engine is there is told to it then; messages that come so early are lost, as any may be.
    const early: TransportPeer[] = []
    this.#address = await this.#transports.open({
      message: (from, bytes) => {
        if (!this.isIsolated) this.#running?.loop.take({ type: 'message', from, bytes })
      },
      connected: (peer) => {
        observer.connected?.(peer)
        if (this.#running === undefined) early.push(peer)
        else this.#running.loop.take({ type: 'peer', ...peer })
      },
      disconnected: (peer) => observer.disconnected?.(peer),
      refused: (code, who) => observer.refused?.(code, who),
    })
    const engine = new NodeEngine({
      node,
      region,
      address: this.#address,
      digestKey,
      compression: nodeCompression,
      random: (bound) => randomBelow(bound, randomBytes),
      open: (life, parts, choice) => this.#open(life, parts, choice, actor),
      ...(replication !== undefined && { limits: replication }),
      ...(signing !== undefined && { signing: signingWith(signing) }),
    })
    const loop = new EngineLoop({
      engine,
      actor,
      scheduler,
      observer,
      store: this.#store,
      send: (to, bytes) => this.#send(engine, to, bytes),
      told: (output) => this.#told(output),
    })
    this.#running = { engine, loop, actor }
    loop.take({ type: 'start', lives })
    for (const peer of early) loop.take({ type: 'peer', ...peer })
  }

  join(address: string): void {
    this.#transports.join(address)
  }

  async edit(
    document: string,
    write: (doc: Doc) => void,
    { acknowledge = 'stored' }: EditOptions = {},
  ): Promise<readonly ChangeHeader[]> {
    checkDocumentName(document)
    const life = this.#lives.toWrite(document)
    const { ticket, outcome } = this.#outcomes.ticket()
    this.#require().loop.take({ type: 'edit', life, ticket, write: (doc) => doc.change(() => write(doc as Doc)) })
    const headers = await outcome
    const change = headers.at(-1)
    if (change === undefined) return headers
    this.#tell({ document, origin: 'local' })
    if (acknowledge === 'replicated') await this.#outcomes.replication(life, change)
    return headers
  }

  async submit(document: string, parts: readonly Uint8Array[]): Promise<void> {
    checkDocumentName(document)
    const life = this.#lives.toWrite(document)
    const { ticket, outcome } = this.#outcomes.ticket()
    this.#require().loop.take({ type: 'submit', life, ticket, changes: parts })
    const headers = await outcome
    if (headers.length > 0) this.#tell({ document, origin: 'local' })
  }

  async read<T>(document: string, look: (doc: Doc) => T): Promise<T> {
    const life = this.#lifeOf(document)
    const { ticket, outcome } = this.#outcomes.ticket()
    let seen: { readonly value: T } | undefined
    this.#require().loop.take({
      type: 'edit',
      life,
      ticket,
      write: (doc) => {
        seen = { value: look(doc as Doc) }
        return undefined
      },
    })
    await outcome
    return (seen as unknown as { readonly value: T }).value
  }

  async delete(document: string): Promise<void> {
    const life = this.#lifeOf(document)
    const { ticket, outcome } = this.#outcomes.ticket()
    this.#require().loop.take({ type: 'end', life, ticket })
    await outcome
    this.#tell({ document, origin: 'local' })
  }

  documents(): string[] {
    return this.#lives.documents()
  }

  subscribe(listener: (news: DocumentNews) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  watch(document: string, listener: DocumentListener): () => void {
    checkDocumentName(document)
    const life = this.#lives.current(document)
    return this.#watched.watch(document, listener, life && this.#require().engine.document(life))
  }

  setPresence(state: Uint8Array): void {
    if (state.length > presenceBytesMax) {
      throw new NodeError('NODE_PRESENCE_TOO_LARGE', `${state.length} bytes; it may be ${presenceBytesMax}`)
    }
    this.#require().loop.take({ type: 'presence', state })
  }

  presence(): ReadonlyMap<string, Uint8Array> {
    return new Map(this.#require().engine.presence())
  }

  watchPresence(listener: PresenceListener): () => void {
    this.#presenceListeners.add(listener)
    return () => void this.#presenceListeners.delete(listener)
  }

  status(): NodeStatus {
    const { engine, actor } = this.#require()
    const { node, region, store } = this.#options
    return {
      node,
      region,
      address: this.#address,
      actor: actor.actor.id,
      storeId: store.identity.storeId,
      peers: this.#transports.peers(),
      members: engine.members(),
      replication: engine.status(),
      isSigned: this.#options.signing !== undefined,
      forks: engine.forks(),
      transport: this.#transports.figures(),
    }
  }

  async stop({ leave = false }: { readonly leave?: boolean } = {}): Promise<void> {
    const running = this.#running
    if (running === undefined) return
    const { loop } = running
    await this.#inTime(loop.idle())
    if (leave) loop.take({ type: 'leave' })
    this.#running = undefined
    await this.#transports.close()
    await this.#inTime(loop.stop())
    this.#outcomes.stop()
    this.#listeners.clear()
    this.#watched.clear()
    this.#presenceListeners.clear()
  }

  /** A store that hangs does not keep the process for ever. */
  #inTime(work: Promise<void>): Promise<void> {
    const { scheduler } = this.#options
    return new Promise((resolve, reject) => {
      const cancel = scheduler.after(this.#limits.stopMsMax, resolve)
      work.then(resolve, reject).finally(cancel)
    })
  }

  #require(): Running {
    if (this.#running === undefined) throw new NodeError('NODE_STOPPED', 'the node is not running')
    return this.#running
  }

  #lifeOf(document: string): LifeKey {
    checkDocumentName(document)
    const life = this.#lives.current(document)
    if (life === undefined) {
      throw new NodeError('NODE_DOCUMENT_MISSING', `there is no document ${JSON.stringify(document)} on this node`)
    }
    return life
  }

  #send(engine: NodeEngine, to: string, bytes: Uint8Array): void {
    if (this.#hasNews) {
      this.#hasNews = false
      for (const { node, address } of engine.members()) if (address !== '') this.#transports.locate(node, address)
    }
    if (!this.isIsolated) this.#transports.send(to, bytes)
  }

  #told(output: Output): void {
    switch (output.type) {
      case 'write':
        this.#lives.add(output.write, output.write.kind === 'end')
        if (output.write.kind === 'end') this.#ended(output.write.document)
        break
      case 'admitted':
        this.#outcomes.admitted(output.ticket, output.headers)
        break
      case 'refused':
        this.#outcomes.refused(output.ticket, output.error)
        break
      case 'replicated':
        this.#outcomes.replicated(output)
        break
      case 'changed':
        this.#tell({ document: output.life.document, origin: 'remote' })
        break
      case 'presence':
        for (const listener of this.#presenceListeners) listener(output.node, output.state)
        break
      case 'member':
        this.#hasNews = true
        break
      default:
    }
  }

  #open(life: LifeKey, parts: readonly Uint8Array[], choice: ActorChoice, own: NodeActor): Doc {
    const doc = openDocument(life, parts, choice, own)
    // Of a life that has ended nobody wants to know, and one that others begin while this one goes on is not shown.
    const current = this.#lives.toWrite(life.document)
    const isBegun = parts.length === 0 && choice === 'own'
    if (current.incarnation === life.incarnation) this.#watched.opened(life.document, doc, isBegun)
    return doc
  }

  /** The life that follows may be here already, begun elsewhere. */
  #ended(document: string): void {
    const life = this.#lives.current(document)
    const next = life && this.#running?.engine.document(life)
    if (next === undefined) this.#watched.reset(document)
    else this.#watched.opened(document, next, false)
  }

  #tell(news: DocumentNews): void {
    for (const listener of this.#listeners) listener(news)
  }
}

/** What was written without signatures convinces nobody, and what is written without them from now on would not either. */
function requireSigning(lives: readonly StoredLife[], isSigning: boolean): void {
  const isOther = ({ ended, summary }: StoredLife): boolean =>
    !ended && summary !== undefined && summary !== '' && isSignedSummary(summary) !== isSigning
  if (!lives.some(isOther)) return
  const [has, does] = isSigning ? ['without', 'signs'] : ['with', 'does not sign']
  throw new NodeError('NODE_STORE_SIGNING', `the store has changes ${has} signatures, and the node ${does}`)
}

function openDocument(life: LifeKey, parts: readonly Uint8Array[], choice: ActorChoice, own: NodeActor): Doc {
  const actor = own.forLife(`${life.incarnation}\n${life.document}`, choice)
  return parts.length === 0 ? new Doc({ actor, incarnation: life.incarnation }) : Doc.load(parts, { actor })
}

/** As even as a remainder of 48 random bits is. */
function randomBelow(bound: number, randomBytes: (count: number) => Uint8Array): number {
  return Buffer.from(randomBytes(6)).readUIntBE(0, 6) % bound
}

/**
 * A node that replicates documents with others: what `ports.ts` says comes in, what it says goes out, and nothing else happens.
 * It is put together here; each part is described where it is.
 */
import type { SchemaDoc } from '@joinery/core'
import { RepairBudget } from './anti-entropy/budget.ts'
import type { AntiEntropyFigures } from './anti-entropy/figures.ts'
import { Repair } from './anti-entropy/repair.ts'
import { Rounds } from './anti-entropy/rounds.ts'
import { Scrub } from './anti-entropy/scrub.ts'
import { Transfers } from './anti-entropy/transfers.ts'
import { Context } from './context.ts'
import { Documents } from './documents/documents.ts'
import type { Life, Staged } from './documents/life.ts'
import { LocalWrites } from './documents/local-writes.ts'
import { ReplicationError } from './errors.ts'
import { Pusher } from './gossip/pusher.ts'
import { Receiver } from './gossip/receiver.ts'
import { fixedMembership } from './membership/fixed-membership.ts'
import type { Membership } from './membership/membership.ts'
import { PeerChoice } from './membership/peer-choice.ts'
import { Swim } from './membership/swim.ts'
import type { LifeKey, MemberNews, Message, PartMessage } from './messages/messages.ts'
import type { Input, NodeId, NodeOptions, Output } from './ports.ts'
import { Presence } from './presence/presence.ts'
import { type Fork, Quarantine } from './signing/quarantine.ts'

/** What a node has and what it has done, for status pages and tests. */
export interface NodeStatus {
  /** Lives of which something is durable. */
  readonly lives: number
  /** 16 hex digits: equal on two nodes when they have the same. */
  readonly digest: string
  /** Bytes that wait to be stored. */
  readonly unstoredBytes: number
  /** Pushes that somebody has not confirmed yet. */
  readonly pushes: number
  /** Changes that wait for others. */
  readonly early: number
  readonly applied: number
  readonly duplicates: number
  /** Changes that came by comparing, after gossip had not brought them. */
  readonly repaired: number
  /** The most steps that news came by. */
  readonly hopsMax: number
  /** News told to a peer, and how often it had to be told again because nothing was heard of it. */
  readonly pushed: number
  readonly repeated: number
  readonly antiEntropy: AntiEntropyFigures
  /** Bytes of messages before and after they were deflated, of those that were. */
  readonly plainBytes: number
  readonly deflatedBytes: number
}

export class NodeEngine {
  readonly #context: Context
  readonly #documents: Documents
  readonly #writes: LocalWrites
  readonly #membership: Membership
  readonly #pusher: Pusher
  readonly #receiver: Receiver
  readonly #transfers: Transfers
  readonly #repair: Repair
  readonly #rounds: Rounds
  readonly #scrub: Scrub
  readonly #presence: Presence
  readonly #quarantine: Quarantine
  #started = false
  #wakeMs = Number.NaN

  constructor(options: NodeOptions) {
    const context = new Context(options)
    this.#context = context
    this.#documents = new Documents(context, {
      durable: (life, parts) => this.#durable(life, parts),
      taken: (life, taken, via) => this.#quarantine.taken(life, taken, via),
      forked: (life, proofs) => this.#quarantine.loaded(life, proofs),
    })
    this.#writes = new LocalWrites(context, this.#documents)
    this.#membership = options.roster === undefined ? new Swim(context) : fixedMembership(options.roster)
    const choice = new PeerChoice(context, () => this.#membership.roster)
    this.#pusher = new Pusher(context, choice)
    const budget = new RepairBudget(context)
    this.#transfers = new Transfers(context, budget)
    this.#quarantine = new Quarantine(context, {
      documents: this.#documents,
      budget,
      choice,
      news: () => this.#rounds.news(),
    })
    this.#repair = new Repair(context, {
      documents: this.#documents,
      transfers: this.#transfers,
      budget,
      differs: () => this.#rounds.interval.reset(),
      forked: (life, { actor }, from) => this.#quarantine.unproven(life, actor, from),
      tellForks: (to, life, theirs, isAbout) => this.#quarantine.tellNews(to, life, theirs, isAbout),
    })
    this.#rounds = new Rounds(context, this.#documents.lives, this.#repair, choice)
    this.#scrub = new Scrub(context, this.#documents, choice)
    this.#presence = new Presence(context, choice, () => this.#membership.roster.size)
    this.#receiver = new Receiver(context, {
      documents: this.#documents,
      push: (news) => {
        this.#pusher.add(news)
        this.#rounds.news()
      },
      repaired: () => this.#rounds.interval.reset(),
      more: (from, lives) => this.#repair.tell(from, lives),
      forked: (life, actor, from) => this.#quarantine.unproven(life, actor, from),
      partner: () => choice.partner(),
      isForeign: (node) => choice.isForeign(node),
    })
  }

  /**
   * @param nowMs milliseconds of a clock that is never set back; the same for all inputs of a node.
   * @returns what is to be done, in this order.
   */
  handle(input: Input, nowMs: number): readonly Output[] {
    const context = this.#context
    context.nowMs = Math.max(context.nowMs, nowMs)
    this.#take(input)
    if (this.#started) this.#wake()
    return context.take()
  }

  /** The document of a life, to read; undefined while it is not in memory or has ended. Changed by `edit` only. */
  document(life: LifeKey): SchemaDoc | undefined {
    return this.#documents.lives.find(life)?.document
  }

  /** What is known of a life: absent, alive, or ended for ever. */
  stateOf(life: LifeKey): 'absent' | 'alive' | 'ended' {
    const found = this.#documents.lives.find(life)
    if (found === undefined) return 'absent'
    return found.tombstone === undefined ? 'alive' : 'ended'
  }

  /** All lives of which something is durable. */
  lives(): LifeKey[] {
    return [...this.#documents.lives.listed()].map(({ key }) => key)
  }

  /** What nodes tell of themselves for now, this one included. */
  presence(): Iterable<readonly [node: NodeId, state: Uint8Array]> {
    return this.#presence.states()
  }

  /** What is known of other nodes, and of this one. */
  members(): readonly MemberNews[] {
    return this.#membership.members
  }

  /** Actors that wrote two histories of one life, as far as that is known here: the last of them, `forksListedMax` at most. */
  forks(): readonly Fork[] {
    return this.#quarantine.listed
  }

  status(): NodeStatus {
    const { lives, stagedBytes } = this.#documents
    let early = 0
    for (const life of lives.all()) early += life.early.size
    const { plain, deflated } = this.#context.codec.measured
    return {
      lives: lives.count,
      digest: lives.rootText,
      unstoredBytes: stagedBytes,
      pushes: this.#pusher.pending,
      early,
      ...this.#receiver.counted,
      ...this.#pusher.counted,
      antiEntropy: this.#rounds.figures.figures(this.#context.nowMs),
      plainBytes: plain,
      deflatedBytes: deflated,
    }
  }

  #take(input: Input): void {
    const documents = this.#documents
    switch (input.type) {
      case 'start':
        this.#started = true
        documents.start(input.lives)
        this.#rounds.interval.start()
        this.#scrub.start()
        this.#membership.start()
        break
      case 'message':
        this.#message(input.from, input.bytes)
        break
      case 'wake':
        // Whoever woke us has no timer any more.
        this.#wakeMs = Number.NaN
        break
      case 'edit':
        this.#writes.edit(input.life, input.ticket, input.write)
        break
      case 'submit':
        this.#writes.submit(input.life, input.ticket, input.changes)
        break
      case 'end':
        this.#writes.end(input.life, input.ticket)
        break
      case 'stored':
        documents.stored(input.write)
        break
      case 'store-failed':
        documents.storeFailed(input.write)
        break
      case 'loaded':
        documents.loaded(input.life, input.parts, input.summary)
        break
      case 'damaged':
        documents.damaged(input.life)
        this.#rounds.interval.reset()
        break
      case 'peer':
        this.#membership.meet(input)
        this.#rounds.interval.reset()
        break
      case 'presence':
        this.#presence.set(input.state)
        break
      case 'leave':
        this.#membership.leave()
        break
    }
  }

  #message(from: NodeId, bytes: Uint8Array): void {
    let message: Message
    try {
      message = this.#context.codec.decode(bytes)
    } catch (error) {
      if (!(error instanceof ReplicationError)) throw error
      this.#context.emit({ type: 'peer-refused', from, code: error.code })
      return
    }
    this.#membership.heard(from)
    this.#rounds.figures.heard(from)
    this.#dispatch(from, message)
  }

  #dispatch(from: NodeId, message: Message): void {
    switch (message.kind) {
      case 'changes':
        this.#receiver.receive(from, message)
        break
      case 'ack':
        this.#pusher.confirmed(from, message.pushes)
        break
      case 'digest':
        this.#rounds.receive(from, message)
        break
      case 'equal':
        this.#rounds.equal(message)
        break
      case 'more':
        this.#rounds.more(from, message)
        break
      case 'frontiers':
        this.#repair.receive(from, message)
        break
      case 'want':
        this.#repair.want(from, message)
        break
      case 'ranges':
        this.#rounds.ranges(from, message)
        break
      case 'part':
        this.#part(from, message)
        break
      case 'want-part':
        this.#transfers.wanted(from, message)
        break
      case 'checksum':
        this.#scrub.receive(from, message)
        break
      case 'presence':
        this.#presence.receive(message.news)
        break
      case 'forks':
        this.#quarantine.receive(from, message)
        break
      case 'ping':
      case 'pong':
        this.#membership.receive(from, message)
        break
    }
  }

  /** A large payload is taken like any other once it is whole. */
  #part(from: NodeId, message: PartMessage): void {
    const payload = this.#transfers.take(from, message)
    if (payload === undefined) return
    const lives = [{ ...message.life, ended: message.ended, parts: [payload] }]
    // Whoever had to send this much may have more.
    this.#receiver.receive(from, {
      kind: 'changes',
      push: 0,
      hops: 0,
      cause: 'repair',
      told: [],
      foreign: false,
      more: true,
      lives,
    })
  }

  #durable(life: Life, parts: readonly Staged[]): void {
    const local = parts.filter(({ via }) => via === undefined)
    for (const part of local) this.#pusher.add({ life, part })
    if (local.length > 0) this.#rounds.news()
  }

  /** Does what is due, and says when the next thing will be. */
  #wake(): void {
    this.#documents.wake()
    this.#pusher.wake()
    this.#receiver.wake()
    this.#transfers.wake()
    this.#rounds.wake()
    this.#scrub.wake()
    this.#membership.wake()
    this.#presence.wake()
    const parts = [
      this.#documents,
      this.#pusher,
      this.#receiver,
      this.#transfers,
      this.#rounds,
      this.#scrub,
      this.#membership,
      this.#presence,
    ]
    // Whole milliseconds: a timer that is early by a fraction would be asked for again at once.
    const atMs = Math.ceil(parts.reduce((least, { dueMs }) => Math.min(least, dueMs), Number.POSITIVE_INFINITY))
    if (atMs === this.#wakeMs || atMs === Number.POSITIVE_INFINITY) return
    this.#wakeMs = atMs
    this.#context.emit({ type: 'wake', atMs })
  }
}

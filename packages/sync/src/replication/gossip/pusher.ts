/**
 * Tells what is new to a few peers at once. News of some milliseconds go together, unless nothing was told just before. A push
 * is repeated until the peer says that it is durable there, and one of this node's own changes until at least one peer did.
 */
import type { ActorId } from '@joinery/core'
import type { Context } from '../context.ts'
import type { Life, Staged } from '../documents/life.ts'
import { toldMax } from '../limits.ts'
import type { PeerChoice } from '../membership/peer-choice.ts'
import type { LifeKey } from '../messages/messages.ts'
import type { NodeId } from '../ports.ts'
import { Timers } from '../timers.ts'
import { type Packet, packetsOf } from './packets.ts'

/** A part to be told on. */
export interface News {
  readonly life: Life
  readonly part: Staged
}

interface Push {
  readonly id: number
  readonly bytes: Uint8Array
  readonly waiting: Map<NodeId, number>
  /** The last dot of each own change in it. */
  readonly own: readonly { readonly life: LifeKey; readonly actor: ActorId; readonly counter: number }[]
  confirmed: boolean
  rounds: number
}

interface Again {
  readonly push: Push
  readonly to: NodeId
}

export class Pusher {
  readonly #context: Context
  readonly #choice: PeerChoice
  #news: News[] = []
  #flushMs = Number.POSITIVE_INFINITY
  #flushedMs = Number.NEGATIVE_INFINITY
  /** Begins anywhere, so that a late confirmation of a push before a restart confirms nothing else. */
  #lastPush: number
  readonly #pushes = new Map<number, Push>()
  /** Pushes that were sent to somebody, and those of them that were not confirmed in time and sent again. */
  readonly counted: { pushed: number; repeated: number } = { pushed: 0, repeated: 0 }
  readonly #again = new Timers<Again>()

  constructor(context: Context, choice: PeerChoice) {
    this.#context = context
    this.#choice = choice
    this.#lastPush = 128 * context.options.random(2 ** 28)
  }

  get dueMs(): number {
    return Math.min(this.#flushMs, this.#again.dueMs)
  }

  /** Pushes that somebody has not confirmed yet. */
  get pending(): number {
    return this.#pushes.size
  }

  add(news: News): void {
    if ((news.part.via?.hops ?? 0) >= this.#context.limits.hopsMax + this.#choice.diameter()) return
    this.#news.push(news)
    const { batchMs, batchChangesMax } = this.#context.limits
    if (this.#news.length >= batchChangesMax) this.#flushMs = this.#context.nowMs
    else if (this.#news.length === 1) this.#flushMs = Math.max(this.#context.nowMs, this.#flushedMs + batchMs)
  }

  wake(): void {
    const { nowMs } = this.#context
    if (this.#flushMs <= nowMs) this.#flush()
    for (let again = this.#again.take(nowMs); again !== undefined; again = this.#again.take(nowMs)) this.#retry(again)
  }

  #flush(): void {
    const news = this.#news
    this.#news = []
    this.#flushMs = Number.POSITIVE_INFINITY
    this.#flushedMs = this.#context.nowMs
    for (const foreign of [false, true]) {
      const some = news.filter(({ part: { via } }) => (via?.foreign ?? false) === foreign)
      if (some.length > 0)
        this.#tell(some, [...this.#choice.targets(NOBODY), ...(foreign ? [] : this.#choice.across())])
    }
  }

  /** Tells each target what nobody is known to have told it. Targets that lack the same get the same message. */
  #tell(news: readonly News[], targets: readonly NodeId[]): void {
    const groups = new Map<string, { readonly news: readonly News[]; readonly to: NodeId[] }>()
    const marks = targets.map((node) => this.#choice.mark(node))
    const missed = new Set(news.filter(({ part: { via } }) => via === undefined))
    for (const [i, node] of targets.entries()) {
      const lacks = news.map(({ part: { via } }) => via?.from !== node && !via?.told.includes(marks[i] as number))
      const some = news.filter((_, at) => lacks[at])
      if (some.length === 0) continue
      for (const each of some) missed.delete(each)
      const name = lacks.map(Number).join('')
      const group = groups.get(name)
      if (group === undefined) groups.set(name, { news: some, to: [node] })
      else group.to.push(node)
    }
    // What was made here and has nobody to be told to waits for somebody.
    if (missed.size > 0) groups.set('', { news: [...missed], to: [] })
    for (const { news: some, to } of groups.values()) {
      for (const packet of packetsOf(some)) this.#send(packet, to, marks)
    }
  }

  #send(
    { lives, hops, own, foreign, told: known }: Packet,
    targets: readonly NodeId[],
    marks: readonly number[],
  ): void {
    const isOwn = own.length > 0
    if (targets.length === 0 && !isOwn) return
    this.#lastPush += 1
    const id = this.#lastPush
    const told = [...new Set([this.#choice.mark(this.#context.options.node), ...marks, ...known])].slice(0, toldMax)
    const bytes = this.#context.codec.encode({
      kind: 'changes',
      push: id,
      hops,
      cause: 'live',
      told,
      foreign,
      more: false,
      lives,
    })
    const push: Push = { id, bytes, waiting: new Map(), own, confirmed: !isOwn, rounds: 0 }
    this.#pushes.set(id, push)
    for (const node of targets) this.#sendTo(push, node, 0)
    // Nobody is there yet: an own change waits for somebody.
    if (targets.length === 0) this.#again.add(this.#context.nowMs + this.#delayMs(push.rounds), { push, to: '' })
    if (this.#pushes.size > this.#context.limits.pushesMax) this.#forgetOldest()
  }

  /** Anti-entropy takes care of what is forgotten here. */
  #forgetOldest(): void {
    for (const [id] of this.#pushes) {
      this.#pushes.delete(id)
      return
    }
  }

  #sendTo(push: Push, to: NodeId, tries: number): void {
    push.waiting.set(to, tries + 1)
    if (tries === 0) this.counted.pushed += 1
    else this.counted.repeated += 1
    this.#context.emit({ type: 'send', to, bytes: push.bytes, cause: 'live' })
    this.#again.add(this.#context.nowMs + this.#delayMs(tries), { push, to })
  }

  #delayMs(tries: number): number {
    return this.#context.jitter(this.#context.limits.pushRetryMs * 2 ** Math.min(Math.max(0, tries - EVEN_TRIES), 4))
  }

  #retry({ push, to }: Again): void {
    if (this.#pushes.get(push.id) !== push) return
    const tries = push.waiting.get(to)
    if (tries !== undefined) {
      if (tries < this.#context.limits.pushTriesMax) {
        this.#sendTo(push, to, tries)
        return
      }
      push.waiting.delete(to)
    }
    if (push.waiting.size > 0) return
    if (push.confirmed) this.#pushes.delete(push.id)
    else this.#tryOthers(push)
  }

  /** Nobody has confirmed an own change: it is told to others, more and more rarely, for as long as it takes. */
  #tryOthers(push: Push): void {
    push.rounds += 1
    const targets = this.#choice.targets(NOBODY)
    for (const node of targets) this.#sendTo(push, node, this.#context.limits.pushTriesMax - 1)
    if (targets.length === 0) this.#again.add(this.#context.nowMs + this.#delayMs(push.rounds), { push, to: '' })
  }

  /** A peer has these pushes on its store. */
  confirmed(by: NodeId, pushes: readonly number[]): void {
    for (const id of pushes) {
      const push = this.#pushes.get(id)
      if (push === undefined || !push.waiting.delete(by)) continue
      push.confirmed = true
      for (const each of push.own) this.#context.emit({ type: 'replicated', ...each, by })
      if (push.waiting.size === 0) this.#pushes.delete(id)
    }
  }
}

/** Tries that are made at the same distance: loss is likelier than a peer that is gone. From then on each takes twice as long. */
const EVEN_TRIES = 4

const NOBODY: ReadonlySet<NodeId> = new Set()

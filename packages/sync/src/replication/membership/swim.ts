/**
 * Membership by probing (SWIM: Das, Gupta, Motivala, 2002), with suspicion and local health (Lifeguard). Each node asks one other
 * at a time whether it is there, asks others to ask when no answer comes, and tells news with its questions. What it finds chooses
 * peers and nothing else, so being wrong costs time, never data.
 *
 * Members that were given up are asked now and then, so that two halves of a cluster find each other again.
 */
import type { Context } from '../context.ts'
import type { MemberNews, MemberState, PingMessage, PongMessage } from '../messages/messages.ts'
import type { NodeId } from '../ports.ts'
import { Timers } from '../timers.ts'
import { Awareness } from './awareness.ts'
import type { Membership } from './membership.ts'
import { NewsQueue } from './news-queue.ts'
import { Roster } from './roster.ts'
import { Suspicion } from './suspicion.ts'

interface Member {
  news: MemberNews
  suspicion: Suspicion | undefined
  sinceMs: number
  /** It was told that it was given up. */
  toldMs: number
}

/** A question that is out. */
interface Probe {
  readonly node: NodeId
  readonly sequence: number
}

type Task =
  | { readonly type: 'probe' }
  | { readonly type: 'ask-others'; readonly probe: Probe }
  | { readonly type: 'give-up'; readonly probe: Probe }
  | { readonly type: 'suspicion'; readonly node: NodeId; readonly suspicion: Suspicion }
  | { readonly type: 'tell-all' }

/** Others that are asked to ask. */
const HELPERS = 3
/** Members in one message to somebody who may know none of them. */
const PAGE = 128

export class Swim implements Membership {
  readonly #context: Context
  readonly #members = new Map<NodeId, Member>()
  readonly #timers = new Timers<Task>()
  readonly #news = new NewsQueue<MemberNews>({ perMessage: 6, times: 4 })
  readonly #awareness = new Awareness()
  /** Questions that were passed on for others: by own number, whose and which. */
  readonly #passedOn = new Map<number, { readonly to: NodeId; readonly sequence: number }>()
  #probing: Probe | undefined
  #order: NodeId[] = []
  #sequence = 0
  #roster: Roster | undefined
  #left = false
  /** When somebody came or went: then more is told. */
  #changedMs = 0

  constructor(context: Context) {
    this.#context = context
    const { node, region, address = '' } = context.options
    const news: MemberNews = { node, region, address, incarnation: 0, state: 'alive' }
    this.#members.set(node, { news, suspicion: undefined, sinceMs: 0, toldMs: 0 })
    this.#news.add(news)
  }

  get dueMs(): number {
    return this.#timers.dueMs
  }

  get roster(): Roster {
    if (this.#roster === undefined) {
      const there = [...this.#members.values()].filter(
        ({ news: { state } }) => state === 'alive' || state === 'suspect',
      )
      this.#roster = new Roster(
        there.map(({ news: { node, region } }) => ({ node, region })),
        this.#context.hashKey,
      )
    }
    return this.#roster
  }

  get members(): readonly MemberNews[] {
    return [...this.#members.values()].map(({ news }) => news)
  }

  start(): void {
    const { nowMs, limits, options } = this.#context
    this.#timers.add(nowMs + options.random(limits.probeMs), { type: 'probe' })
    this.#timers.add(nowMs + this.#context.jitter(limits.gossipIntervalMs), { type: 'tell-all' })
  }

  meet({ node, region, address }: { readonly node: NodeId; readonly region: string; readonly address: string }): void {
    if (node === this.#self.node || this.#members.has(node)) return
    this.#take(this.#self.node, { node, region, address, incarnation: 0, state: 'alive' })
    // Whoever is met is told who this is, and answers with who else is there.
    this.#ping(node, '', [this.#self])
  }

  heard(node: NodeId): void {
    const member = this.#members.get(node)
    const { nowMs, limits } = this.#context
    if (member === undefined || !isGone(member.news) || member.toldMs + limits.probeMs > nowMs) return
    // It is there, whatever was said of it: told so, it will say so itself. Once in a while, as its answer is heard, too.
    member.toldMs = nowMs
    this.#ping(node, '', [member.news])
  }

  receive(from: NodeId, message: PingMessage | PongMessage): void {
    const isNew = !this.#members.has(from)
    for (const news of message.news) this.#take(from, news)
    if (message.kind === 'pong') this.#answered(from, message)
    else if (message.target === '' || message.target === this.#self.node) {
      this.#send(from, { kind: 'pong', sequence: message.sequence, target: '', news: this.#tell() })
    } else {
      const sequence = this.#ping(message.target, '', this.#tell())
      this.#passedOn.set(sequence, { to: from, sequence: message.sequence })
      if (this.#passedOn.size > PAGE) this.#passedOn.delete(this.#passedOn.keys().next().value as number)
    }
    if (isNew && this.#members.has(from)) this.#tellEverything(from)
  }

  #answered(from: NodeId, { sequence, target }: PongMessage): void {
    const passed = this.#passedOn.get(sequence)
    if (passed !== undefined) {
      this.#passedOn.delete(sequence)
      this.#send(passed.to, { kind: 'pong', sequence: passed.sequence, target: from, news: [] })
    }
    const asked = this.#probing
    if (asked?.sequence !== sequence || asked.node !== (target === '' ? from : target)) return
    this.#probing = undefined
    this.#awareness.well()
  }

  leave(): void {
    this.#left = true
    const news: MemberNews = { ...this.#self, incarnation: this.#self.incarnation + 1, state: 'left' }
    this.#set(news)
    const others = [...this.roster.regions].length === 0 ? [] : this.#there()
    for (const node of others.slice(0, PAGE)) this.#ping(node, '', [news])
  }

  wake(): void {
    const { nowMs } = this.#context
    for (let task = this.#timers.take(nowMs); task !== undefined; task = this.#timers.take(nowMs)) this.#perform(task)
  }

  #perform(task: Task): void {
    switch (task.type) {
      case 'probe':
        this.#probe()
        break
      case 'ask-others':
        if (this.#probing === task.probe) this.#askOthers(task.probe)
        break
      case 'give-up':
        if (this.#probing === task.probe) this.#doubt(task.probe.node)
        break
      case 'suspicion':
        this.#endSuspicion(task.node, task.suspicion)
        break
      case 'tell-all':
        this.#tellSomebody()
        break
    }
  }

  /** Asks the next member, each once before any is asked twice. */
  #probe(): void {
    const { nowMs, limits } = this.#context
    const roundMs = limits.probeMs * this.#awareness.factor
    this.#timers.add(nowMs + roundMs, { type: 'probe' })
    const node = this.#left ? undefined : this.#next()
    if (node === undefined) return
    const { news } = this.#members.get(node) as Member
    const isDoubted = news.state === 'suspect'
    const sequence = this.#ping(node, '', isDoubted ? [news, ...this.#tell()] : this.#tell())
    const probe: Probe = { node, sequence }
    this.#probing = probe
    this.#timers.add(nowMs + roundMs * 0.4, { type: 'ask-others', probe })
    this.#timers.add(nowMs + roundMs * 0.95, { type: 'give-up', probe })
  }

  #next(): NodeId | undefined {
    for (let tries = 0; tries < 2; tries += 1) {
      for (let node = this.#order.pop(); node !== undefined; node = this.#order.pop()) {
        const state = this.#members.get(node)?.news.state
        if (state === 'alive' || state === 'suspect') return node
      }
      this.#order = this.#shuffled(this.#there())
    }
    return undefined
  }

  #there(): NodeId[] {
    return [...this.#members.values()].flatMap(({ news: { node, state } }) =>
      node !== this.#self.node && (state === 'alive' || state === 'suspect') ? [node] : [],
    )
  }

  #shuffled(nodes: NodeId[]): NodeId[] {
    for (let i = nodes.length - 1; i > 0; i -= 1) {
      const j = this.#context.options.random(i + 1)
      const node = nodes[i] as NodeId
      nodes[i] = nodes[j] as NodeId
      nodes[j] = node
    }
    return nodes
  }

  #askOthers({ node, sequence }: Probe): void {
    this.#send(node, { kind: 'ping', sequence, target: '', news: [] })
    const except = new Set([this.#self.node, node])
    for (let i = 0; i < HELPERS; i += 1) {
      const helper = this.roster.somebody(this.#context.options.random, except)
      if (helper === undefined) return
      except.add(helper)
      this.#send(helper, { kind: 'ping', sequence, target: node, news: [] })
    }
  }

  /** Neither it nor those who asked it have answered. */
  #doubt(node: NodeId): void {
    this.#probing = undefined
    this.#awareness.badly()
    const member = this.#members.get(node)
    if (member?.news.state === 'alive') this.#take(this.#self.node, { ...member.news, state: 'suspect' })
  }

  #endSuspicion(node: NodeId, suspicion: Suspicion): void {
    const member = this.#members.get(node)
    if (member?.suspicion !== suspicion) return
    if (suspicion.endMs > this.#context.nowMs) this.#timers.add(suspicion.endMs, { type: 'suspicion', node, suspicion })
    else this.#take(this.#self.node, { ...member.news, state: 'dead' })
  }

  /** Takes news of a member, by whom it was told. What is known already, or older, changes nothing. */
  #take(by: NodeId, news: MemberNews): void {
    if (news.node === this.#self.node) {
      this.#hearOfSelf(news)
      return
    }
    const member = this.#members.get(news.node)
    if (member === undefined) {
      if (this.#members.size >= this.#context.limits.membersMax || news.state === 'dead' || news.state === 'left')
        return
      this.#set(news)
      return
    }
    if (news.state === 'suspect' && member.news.state === 'suspect' && news.incarnation === member.news.incarnation) {
      member.suspicion?.confirm(by)
      return
    }
    if (isNewer(news, member.news)) this.#set(news)
  }

  /** Somebody doubts this node, or remembers a life of it before this one: it says that it is there. */
  #hearOfSelf(news: MemberNews): void {
    const { incarnation, region, address } = this.#self
    if (this.#left) return
    if (news.incarnation < incarnation) {
      // Whoever still says so has missed the answer.
      if (news.state !== 'alive') this.#news.add(this.#self)
      return
    }
    // Who starts again elsewhere before anybody missed it is known at the place it had before.
    const isHere = news.region === region && news.address === address
    if (news.incarnation === incarnation && news.state === 'alive' && isHere) return
    if (news.state !== 'alive') this.#awareness.badly()
    this.#set({ ...this.#self, incarnation: news.incarnation + 1, state: 'alive' })
  }

  #set(news: MemberNews): void {
    const { nowMs, limits } = this.#context
    const before = this.#members.get(news.node)
    const suspicion = news.state === 'suspect' ? new Suspicion(nowMs, limits.probeMs, this.#members.size) : undefined
    this.#members.set(news.node, { news, suspicion, sinceMs: nowMs, toldMs: Number.NEGATIVE_INFINITY })
    if (suspicion !== undefined) this.#timers.add(suspicion.endMs, { type: 'suspicion', node: news.node, suspicion })
    this.#news.add(news)
    const { node, state, region, address } = news
    const isSame = before?.news.state === state && before.news.region === region
    if (isSame && before.news.address === address) return
    if (node !== this.#self.node) this.#context.emit({ type: 'member', node, state, address })
    if (isSame) return
    this.#roster = undefined
    this.#changedMs = nowMs
  }

  /** Now and then somebody gets a page of everything, and somebody who was given up is asked again. */
  #tellSomebody(): void {
    const { nowMs, limits, options } = this.#context
    this.#timers.add(nowMs + this.#context.jitter(limits.gossipIntervalMs), { type: 'tell-all' })
    if (this.#left) return
    const gone = [...this.#members.values()].filter(({ news }) => isGone(news))
    const dead = gone.filter(({ news: { state } }) => state === 'dead')
    const lost = dead[options.random(Math.max(1, dead.length))]
    if (lost !== undefined) this.#ping(lost.news.node, '', [lost.news, this.#self])
    for (const { news, sinceMs } of gone) {
      if (nowMs - sinceMs > limits.deadMemberMsMax) this.#members.delete(news.node)
    }
    const known = [...this.#members.values()]
    const isQuiet = this.#changedMs + 6 * limits.gossipIntervalMs < nowMs
    if ((isQuiet && options.random(6) > 0) || known.length < 3) return
    const somebody = this.roster.somebody(options.random, new Set([this.#self.node]))
    const from = options.random(known.length)
    const page = [...known, ...known].slice(from, from + Math.min(PAGE, known.length)).map(({ news }) => news)
    if (somebody !== undefined) this.#ping(somebody, '', page)
  }

  #tellEverything(to: NodeId): void {
    const all = [...this.#members.values()].map(({ news }) => news)
    for (let i = 0; i < all.length; i += PAGE) this.#ping(to, '', all.slice(i, i + PAGE))
  }

  #tell(): MemberNews[] {
    return this.#news.take(this.#members.size)
  }

  #ping(to: NodeId, target: string, news: readonly MemberNews[]): number {
    this.#sequence += 1
    this.#send(to, { kind: 'ping', sequence: this.#sequence, target, news })
    return this.#sequence
  }

  #send(to: NodeId, message: PingMessage | PongMessage): void {
    if (to !== this.#self.node) this.#context.send(to, message)
  }

  get #self(): MemberNews {
    return (this.#members.get(this.#context.options.node) as Member).news
  }
}

const rank: Readonly<Record<MemberState, number>> = { alive: 0, suspect: 1, dead: 2, left: 3 }

/** A later incarnation is newer; of one incarnation the worse news. */
function isNewer(news: MemberNews, than: MemberNews): boolean {
  if (news.incarnation !== than.incarnation) return news.incarnation > than.incarnation
  return rank[news.state] > rank[than.state]
}

/** Nobody counts on it: given up, or gone by itself. */
function isGone({ state }: MemberNews): boolean {
  return state === 'dead' || state === 'left'
}

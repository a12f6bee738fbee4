/**
 * Sends peers what they lack and asks them for what is missing here, life by life. There is no state of an exchange: everything
 * follows from the frontiers that were just received and what is here now, so any message may be lost.
 */
import { type ActorId, openChange } from '@joinery/core'
import type { Context } from '../context.ts'
import type { Documents } from '../documents/documents.ts'
import type { Life } from '../documents/life.ts'
import { PACKET_BYTES_MAX, PART_BYTES_MAX } from '../gossip/packets.ts'
import type {
  FrontierEntry,
  FrontiersMessage,
  LifeChanges,
  LifeFrontier,
  LifeKey,
  WantMessage,
} from '../messages/messages.ts'
import type { NodeId } from '../ports.ts'
import type { RepairBudget } from './budget.ts'
import { type Lacking, lackingOf, wantedOf } from './lacking.ts'
import type { Transfers } from './transfers.ts'

/** Messages that one answer may take; the rest is asked for when they are durable. */
const ANSWER_PACKETS_MAX = 4

const NOTHING_KNOWN: ReadonlyMap<string, FrontierEntry> = new Map()

export interface RepairParts {
  readonly documents: Documents
  readonly transfers: Transfers
  readonly budget: RepairBudget
  /** The two nodes differ: look again soon. */
  readonly differs: () => void
  /** The same actor and counter with another check. */
  readonly forked: (life: Life, entry: FrontierEntry, from: NodeId) => void
  /** A peer has this of a life: it may not know of forks in it. */
  readonly tellForks: (
    to: NodeId,
    life: Life,
    theirs: ReadonlyMap<string, FrontierEntry>,
    isAbout: (actor: ActorId) => boolean,
  ) => void
}

export class Repair {
  readonly #context: Context
  readonly #parts: RepairParts

  constructor(context: Context, parts: RepairParts) {
    this.#context = context
    this.#parts = parts
  }

  /** What is here of a life, in pages that fit into messages. */
  frontier(life: Life): LifeFrontier[] {
    const { key } = life
    if (life.tombstone !== undefined) return [{ ...key, ended: true, entries: [], after: '', through: '' }]
    const entries = life.entries()
    const max = this.#context.limits.vectorEntriesMax
    const pages: LifeFrontier[] = []
    for (let from = 0; from === 0 || from < entries.length; from += max) {
      const page = entries.slice(from, from + max)
      const isLast = from + max >= entries.length
      const after = entries[from - 1]?.actor ?? ''
      pages.push({ ...key, ended: false, entries: page, after, through: isLast ? '' : (page.at(-1)?.actor ?? '') })
    }
    return pages
  }

  /** Sends frontiers of lives, once they are in memory. */
  tell(to: NodeId, lives: readonly Life[], options: Partial<FrontiersMessage> = {}): void {
    let left = lives.length
    const ready = (): void => {
      left -= 1
      if (left > 0) return
      const pages = lives.flatMap((life) => this.frontier(life))
      this.#sendFrontiers(to, pages, options)
    }
    if (lives.length === 0) this.#sendFrontiers(to, [], options)
    for (const life of lives) this.#parts.documents.whenLoaded(life, ready)
  }

  #sendFrontiers(to: NodeId, pages: readonly LifeFrontier[], options: Partial<FrontiersMessage>): void {
    const { complete = false, answer = false, unknown = [] } = options
    const { messageLivesMax, vectorEntriesMax } = this.#context.limits
    let page: LifeFrontier[] = []
    let entries = 0
    let bytes = 0
    const groups: LifeFrontier[][] = [page]
    for (const each of pages) {
      const more = frontierBytes(each)
      const isFull =
        page.length >= messageLivesMax ||
        entries + each.entries.length > vectorEntriesMax ||
        bytes + more > PACKET_BYTES_MAX
      if (isFull && page.length > 0) {
        page = []
        entries = 0
        bytes = 0
        groups.push(page)
      }
      page.push(each)
      entries += each.entries.length
      bytes += more
    }
    groups.forEach((lives, i) => {
      const head = i === 0 ? unknown.slice(0, messageLivesMax) : []
      this.#context.send(
        to,
        { kind: 'frontiers', complete: complete && groups.length === 1, answer, unknown: head, lives },
        'repair',
      )
    })
  }

  /** Second leg: compares what a peer has with what is here. */
  receive(from: NodeId, message: FrontiersMessage): void {
    const { lives } = this.#parts.documents
    const named = new Set<Life>()
    const wanted: (Life | LifeKey)[] = []
    let left = message.lives.length
    const done = (): void => {
      left -= 1
      if (left > 0 || message.answer) return
      this.#ask(from, wanted)
    }
    for (const theirs of message.lives) {
      const life = lives.find(theirs)
      if (life === undefined) {
        wanted.push({ document: theirs.document, incarnation: theirs.incarnation })
        done()
        continue
      }
      named.add(life)
      this.#parts.documents.whenLoaded(life, () => {
        if (this.#compare(from, life, theirs)) wanted.push(life)
        done()
      })
    }
    if (message.answer) return
    const more = message.complete ? [...lives.listed()] : message.unknown.flatMap((item) => lives.ofItem(item) ?? [])
    const unnamed = more.filter((life) => !named.has(life)).slice(0, this.#context.limits.messageLivesMax)
    if (unnamed.length > 0) this.tell(from, unnamed)
  }

  /** Asks for what is missing here: our frontiers of these lives, and nothing of those that are not here at all. */
  #ask(from: NodeId, wanted: readonly (Life | LifeKey)[]): void {
    if (wanted.length === 0) return
    this.#parts.differs()
    const pages = wanted.flatMap((each) =>
      'key' in each ? this.frontier(each) : [{ ...each, ended: false, entries: [], after: '', through: '' }],
    )
    this.#sendFrontiers(from, pages, { answer: true })
  }

  /** Sends what the peer lacks of a life; answers whether anything is missing here. */
  #compare(from: NodeId, life: Life, theirs: LifeFrontier): boolean {
    const { tombstone } = life
    if (tombstone !== undefined) {
      if (life.listed !== undefined) this.#send(from, [{ ...life.key, ended: true, parts: [tombstone] }], false)
      return theirs.ended
    }
    if (theirs.ended) return true
    let isMissing = false
    const known = new Map<string, FrontierEntry>()
    for (const entry of theirs.entries) {
      known.set(entry.actor, entry)
      const mine = life.entry(entry.actor)
      if (mine === undefined || mine.counter < entry.counter) isMissing = true
      else if (mine.counter === entry.counter && mine.check !== entry.check) this.#forked(from, life, entry)
    }
    const isOnPage = (actor: ActorId): boolean =>
      actor > theirs.after && (theirs.through === '' || actor <= theirs.through)
    this.#parts.tellForks(from, life, known, isOnPage)
    const young = life.youngerThan(this.#context.nowMs - this.#context.limits.repairAgeMs)
    const lacks = life.entries().some(({ actor, counter }) => {
      const old = Math.min(counter, (young.get(actor) ?? Number.POSITIVE_INFINITY) - 1)
      return isOnPage(actor) && old > (known.get(actor)?.counter ?? 0)
    })
    if (lacks) {
      this.#parts.differs()
      const lacking = lackingOf(life, theirs, young)
      if (lacking !== 'snapshot') this.#compareChains(from, life, known, lacking)
      this.#answer(from, life, lacking)
    }
    return isMissing
  }

  /** What follows the last change that a peer has of an actor says which one that is here, and where it ends: it may be another one. */
  #compareChains(
    from: NodeId,
    life: Life,
    known: ReadonlyMap<string, FrontierEntry>,
    lacking: readonly Uint8Array[],
  ): void {
    for (const bytes of lacking) {
      const { actor, first, previous } = openChange(bytes).header
      const entry = known.get(actor)
      if (entry === undefined || first > entry.counter + 1) continue
      if (first <= entry.counter || previous !== entry.check) this.#forked(from, life, entry)
    }
  }

  /** Where changes are signed, the two that contradict each other are a proof: this one is here, and the other is asked for. */
  #forked(from: NodeId, life: Life, entry: FrontierEntry): void {
    const { actor, counter } = entry
    if (life.signed === undefined) this.#parts.forked(life, entry, from)
    else if (!life.signed.forks.has(actor)) {
      const ranges = [{ actor, from: counter, to: counter }]
      this.#context.send(from, { kind: 'want', life: life.key, ranges }, 'repair')
    }
  }

  /** A peer waits for these. */
  want(from: NodeId, { life: key, ranges }: WantMessage): void {
    const life = this.#parts.documents.lives.find(key)
    if (life === undefined || life.isPrivate) return
    this.#parts.documents.whenLoaded(life, () => {
      const wanted = new Set(ranges.map(({ actor }) => actor))
      this.#parts.tellForks(from, life, NOTHING_KNOWN, (actor) => wanted.has(actor))
      if (life.tombstone === undefined) this.#answer(from, life, wantedOf(life, ranges))
      else this.#send(from, [{ ...life.key, ended: true, parts: [life.tombstone] }], false)
    })
  }

  #answer(to: NodeId, life: Life, lacking: Lacking): void {
    // It may have ended while the answer waited.
    if (life.tombstone !== undefined) {
      this.#send(to, [{ ...life.key, ended: true, parts: [life.tombstone] }], false)
      return
    }
    if (lacking !== 'snapshot') {
      this.#sendParts(to, life, lacking)
      return
    }
    // What it takes in the store says how large it will be, before it is made for nothing.
    if (life.logBytes > PART_BYTES_MAX && !this.#parts.transfers.hasRoom(to, life.logBytes)) return
    if (life.staged.some(({ via }) => via === undefined)) {
      // A snapshot would hold own changes that are not durable: it waits for the write that is out, and edits wait for it.
      life.isHeld = true
      this.#parts.documents.whenLoaded(life, () => this.#answer(to, life, lacking))
    } else {
      const snapshot = life.snapshot()
      if (snapshot !== undefined) this.#sendParts(to, life, [snapshot])
    }
  }

  #sendParts(to: NodeId, life: Life, parts: readonly Uint8Array[]): void {
    let packets = 0
    for (let i = 0; i < parts.length; packets += 1) {
      const first = parts[i] as Uint8Array
      if (first.length > PART_BYTES_MAX) {
        this.#parts.transfers.begin(to, life.key, first)
        return
      }
      const some: Uint8Array[] = []
      for (let bytes = 0; i < parts.length && some.length < this.#context.limits.messageChangesMax; i += 1) {
        const part = parts[i] as Uint8Array
        bytes += part.length
        if (some.length > 0 && bytes > PACKET_BYTES_MAX) break
        some.push(part)
      }
      const isFull = packets + 1 === ANSWER_PACKETS_MAX || (parts[i]?.length ?? 0) > PART_BYTES_MAX
      this.#send(to, [{ ...life.key, ended: false, parts: some }], isFull && i < parts.length)
      if (isFull && packets + 1 === ANSWER_PACKETS_MAX) return
    }
  }

  #send(to: NodeId, lives: readonly LifeChanges[], more: boolean): void {
    const bytes = lives.reduce((sum, { parts }) => sum + parts.reduce((length, part) => length + part.length, 0), 0)
    if (!this.#parts.budget.take(to, bytes)) return
    this.#context.send(
      to,
      { kind: 'changes', push: 0, hops: 0, cause: 'repair', told: [], foreign: false, more, lives },
      'repair',
    )
  }
}

/** Bytes that a frontier takes at most, or nearly so: names are the most of it. */
function frontierBytes({ document, incarnation, entries, after, through }: LifeFrontier): number {
  const names = document.length + incarnation.length + after.length + through.length
  return entries.reduce((sum, { actor }) => sum + 3 * actor.length + 20, 3 * names + 20)
}

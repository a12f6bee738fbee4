/**
 * A malicious member: it has a key of its own and answers as a member does, so nobody leaves it out, and beside that it sends whatever
 * might do harm. It can sign as itself and as nobody else.
 */
import { type Actor, orSet } from '@joinery/core'
import {
  type LifeKey,
  type Message,
  MessageCodec,
  type NodeOptions,
  replicationLimits,
  type Signing,
} from '@joinery/sync/replication'
import type { SeededRandom } from '../random.ts'
import { Author } from './author.ts'
import type { SimNode } from './sim-node.ts'

/** Messages that it remembers, to send them again. */
const OVERHEARD_MAX = 64
const FLOOD = 100

export interface IntruderOptions {
  /** Its respectable side. */
  readonly node: SimNode
  readonly random: SeededRandom
  readonly signing: Signing
  readonly compression: Compression | undefined
  readonly victims: readonly string[]
  readonly lives: readonly LifeKey[]
  readonly send: (to: string, bytes: Uint8Array) => void
  /** An actor of its own that was never used. */
  readonly newActor: () => Actor
}

type Compression = NonNullable<NodeOptions['compression']>
type Harm = (to: string) => void

export class Intruder {
  readonly node: SimNode
  readonly #options: IntruderOptions
  readonly #codec: MessageCodec
  #overheard: Message[] = []
  readonly #harms: readonly Harm[]
  /** How often it did each. */
  readonly done: Map<string, number> = new Map()

  constructor(options: IntruderOptions) {
    this.node = options.node
    this.#options = options
    this.#codec = new MessageCodec(options.compression)
    const all: Record<string, Harm> = {
      garbage: (to) => this.#garbage(to),
      replay: (to) => this.#replay(to),
      alteration: (to) => this.#alter(to),
      unsigned: (to) => this.#unsigned(to),
      'false end': (to) => this.#endFalsely(to),
      'false digest': (to) => this.#digestFalsely(to),
      'false frontier': (to) => this.#frontierFalsely(to),
      'false checksum': (to) => this.#checksumFalsely(to),
      'false news': (to) => this.#tellFalsely(to),
      'false proof': (to) => this.#proveFalsely(to),
      oversized: (to) => this.#oversized(to),
      flood: (to) => this.#flood(to),
      equivocation: () => this.#equivocate(),
    }
    this.#harms = Object.entries(all).map(([name, harm]) => (to) => {
      this.done.set(name, (this.done.get(name) ?? 0) + 1)
      harm(to)
    })
  }

  handle(from: string, bytes: Uint8Array): void {
    // What it gets is well-formed: it comes from honest nodes.
    const message = this.#codec.decode(bytes)
    this.#overheard.push(message)
    if (this.#overheard.length > OVERHEARD_MAX) this.#overheard.shift()
    if (message.kind === 'checksum') this.#lie(from, message)
    else this.node.handle({ type: 'message', from, bytes })
  }

  /** Something that might do harm to somebody. */
  act(): void {
    const { random, victims } = this.#options
    this.#pick(this.#harms)(victims[random.below(victims.length)] as string)
  }

  #pick<T>(items: readonly T[]): T {
    return items[this.#options.random.below(items.length)] as T
  }

  #say(to: string, message: Message): void {
    this.#options.send(to, this.#codec.encode(message))
  }

  #changes(to: string, life: LifeKey, parts: readonly Uint8Array[], ended = false): void {
    const lives = [{ ...life, ended, parts }]
    this.#say(to, { kind: 'changes', push: 1, hops: 0, cause: 'live', told: [], foreign: false, more: false, lives })
  }

  #bytes(count: number): Uint8Array {
    return Uint8Array.from({ length: count }, () => this.#options.random.below(256))
  }

  #hash() {
    const { random } = this.#options
    return { high: random.below(2 ** 32), low: random.below(2 ** 32) }
  }

  #author(life: LifeKey, signing: Signing | undefined): Author {
    return new Author({ actor: this.#options.newActor(), life, ...(signing && { signing }) })
  }

  #garbage(to: string): void {
    const overheard = this.#overheard.at(-1)
    const bytes = overheard === undefined ? this.#bytes(40) : this.#codec.encode(overheard)
    for (let i = 0; i < 3; i += 1) bytes[this.#options.random.below(bytes.length)] = this.#options.random.below(256)
    this.#options.send(to, bytes)
    this.#options.send(to, Uint8Array.from([1, 1 + this.#options.random.below(16), ...this.#bytes(60)]))
  }

  /** What others wrote, once more, and as if it were of another document or another life. */
  #replay(to: string): void {
    const { lives } = this.#options
    for (const message of this.#overheard) {
      if (message.kind !== 'changes') continue
      this.#say(to, message)
      const other = this.#pick(lives)
      const moved = message.lives.map((life) => ({ ...life, document: other.document }))
      const later = message.lives.map((life) => ({ ...life, incarnation: 'another' }))
      this.#say(to, { ...message, lives: moved })
      this.#say(to, { ...message, lives: later })
    }
  }

  /** What others wrote, with another byte somewhere. */
  #alter(to: string): void {
    for (const message of this.#overheard) {
      if (message.kind !== 'changes') continue
      for (const { ended, parts, ...life } of message.lives) {
        const altered = parts.map((part) => {
          const copy = part.slice()
          const at = this.#options.random.below(copy.length)
          copy[at] = (copy[at] as number) ^ (1 + this.#options.random.below(255))
          return copy
        })
        this.#changes(to, life, altered, ended)
      }
    }
  }

  #unsigned(to: string): void {
    const life = this.#pick(this.#options.lives)
    const author = this.#author(life, undefined).write((doc) => doc.field('items', orSet<string>()).add('unsigned'))
    this.#changes(to, life, author.changes)
    this.#changes(to, life, [author.snapshot()])
  }

  #endFalsely(to: string): void {
    const KIND_TOMBSTONE = 0x1e
    const actor = this.#options.newActor().id
    const text = Uint8Array.from(actor, (char) => char.charCodeAt(0))
    const tombstone = Uint8Array.from([KIND_TOMBSTONE, 1, text.length, ...text])
    const life = this.#pick(this.#options.lives)
    this.#changes(to, life, [tombstone], true)
    this.#changes(to, life, [Uint8Array.from([...tombstone, ...this.#bytes(64)])], true)
  }

  /** "I have what you have", and "I have what you cannot know". */
  #digestFalsely(to: string): void {
    for (const message of this.#overheard) {
      if (message.kind === 'digest') this.#say(to, { kind: 'equal', root: message.root })
    }
    this.#say(to, { kind: 'digest', root: this.#hash(), count: this.#options.random.below(3), from: 0, cells: [] })
    this.#say(to, { kind: 'more', root: this.#hash(), from: 0, count: 16 })
  }

  #frontierFalsely(to: string): void {
    const { newActor } = this.#options
    const { incarnation, document } = this.#pick(this.#options.lives)
    const entries = [{ actor: newActor().id, counter: 1_000, check: 1 }]
    const lives = [{ document, incarnation, ended: false, entries, after: '', through: '' }]
    this.#say(to, { kind: 'frontiers', complete: true, answer: false, unknown: [this.#hash()], lives })
  }

  #checksumFalsely(to: string): void {
    for (const message of this.#overheard) if (message.kind === 'checksum') this.#lie(to, { ...message, answer: true })
  }

  /** Every document is another one than it is, and all intruders say so. */
  #lie(to: string, { answer, ...message }: Extract<Message, { kind: 'checksum' }>): void {
    const { high, low } = message.item
    if (answer) this.#say(to, { ...message, state: { high: low, low: high }, answer: false })
  }

  /** Everybody else is dead. */
  #tellFalsely(to: string): void {
    const { victims } = this.#options
    const news = victims.map((node) => ({ node, region: 'r0', address: node, incarnation: 1, state: 'dead' as const }))
    this.#say(to, { kind: 'ping', sequence: 1, target: '', news })
  }

  /** That somebody else forked, as far as it can sign that. */
  #proveFalsely(to: string): void {
    const { lives, signing } = this.#options
    const claim = (first: number) => {
      const content = this.#bytes(32)
      return { first, length: 1, previous: this.#bytes(32), content, signature: signing.sign(content) }
    }
    for (const message of this.#overheard) {
      if (message.kind !== 'frontiers') continue
      const actor = message.lives[0]?.entries[0]?.actor
      if (actor !== undefined) {
        const forks = [{ life: this.#pick(lives), proof: { actor, claims: [claim(1), claim(1)] as const } }]
        this.#say(to, { kind: 'forks', forks })
      }
    }
  }

  #oversized(to: string): void {
    const { send } = this.#options
    const bytes = new Uint8Array(replicationLimits.messageBytesMax + 1)
    bytes.set([1, 1])
    send(to, bytes)
    const life = this.#pick(this.#options.lives)
    // A transfer of nearly everything that may be under way at once, of which nothing more comes.
    const total = replicationLimits.transfersBytesMax
    this.#say(to, {
      kind: 'part',
      life,
      ended: false,
      transfer: this.#hash(),
      total,
      offset: 0,
      bytes: this.#bytes(10),
    })
  }

  #flood(to: string): void {
    const message: Message = { kind: 'digest', root: this.#hash(), count: 1, from: 0, cells: [] }
    for (let i = 0; i < FLOOD; i += 1) this.#say(to, message)
    const life = this.#pick(this.#options.lives)
    const author = this.#author(life, undefined)
    for (let i = 0; i < 10; i += 1) author.write((doc) => doc.field('items', orSet<string>()).add(`flood ${i}`))
    this.#changes(to, life, author.changes)
  }

  /** Two histories of one actor: one for some, the other for the others. */
  #equivocate(): void {
    const { lives, signing, victims, random } = this.#options
    const life = this.#pick(lives)
    const add = (author: Author, text: string): Author =>
      author.write((doc) => doc.field('items', orSet<string>()).add(text))
    const one = this.#author(life, signing)
    for (let i = random.below(3); i > 0; i -= 1) add(one, `common ${i}`)
    const two = one.copy()
    for (let i = random.below(3); i >= 0; i -= 1) add(one, `left ${i}`)
    for (let i = random.below(3); i >= 0; i -= 1) add(two, `right ${i}`)
    const shuffled = random.shuffle(victims)
    const split = 1 + random.below(shuffled.length - 1)
    for (const [i, to] of shuffled.entries()) this.#changes(to, life, (i < split ? one : two).changes)
  }
}

/**
 * What nodes tell of themselves for now, such as how busy they are: kept by all, stored by none. Of two states of a node the one with
 * the larger sequence counts; a state that is not told anew is forgotten. Nothing is confirmed: what was lost comes with the next one.
 */
import type { Context } from '../context.ts'
import { NewsQueue } from '../membership/news-queue.ts'
import type { PeerChoice } from '../membership/peer-choice.ts'
import type { PresenceNews } from '../messages/messages.ts'
import type { NodeId } from '../ports.ts'

interface Present {
  sequence: number
  /** Undefined: too old to be of use. The sequence stays a while, so that what is late does not bring it back. */
  state: Uint8Array | undefined
  heardMs: number
}

/** States in one message: some kilobytes. */
const STATES_PER_MESSAGE = 32
/** Half of what members are told: the next state of a node follows soon. */
const TIMES = 2

export class Presence {
  readonly #context: Context
  readonly #choice: PeerChoice
  readonly #members: () => number
  readonly #present = new Map<NodeId, Present>()
  readonly #queue = new NewsQueue<PresenceNews>({ perMessage: STATES_PER_MESSAGE, times: TIMES })
  #tellMs = Number.POSITIVE_INFINITY
  #sweepMs = Number.POSITIVE_INFINITY

  constructor(context: Context, choice: PeerChoice, members: () => number) {
    this.#context = context
    this.#choice = choice
    this.#members = members
  }

  get dueMs(): number {
    return Math.min(this.#tellMs, this.#sweepMs)
  }

  /** What this node tells of itself from now on. */
  set(state: Uint8Array): void {
    const { node } = this.#context.options
    this.#keep({ node, sequence: (this.#present.get(node)?.sequence ?? 0) + 1, state: state.slice() })
  }

  /** What nodes tell of themselves, this one included. */
  *states(): Iterable<readonly [node: NodeId, state: Uint8Array]> {
    for (const [node, { state }] of this.#present) if (state !== undefined) yield [node, state]
  }

  receive(news: readonly PresenceNews[]): void {
    const own = this.#context.options.node
    for (const each of news) {
      const known = this.#present.get(each.node)
      if (each.node === own) this.#recall(each, known)
      else if (known === undefined || each.sequence > known.sequence) {
        if (known !== undefined || this.#present.size < this.#context.limits.membersMax) {
          this.#keep({ ...each, state: each.state.slice() })
        }
      } else if (each.sequence < known.sequence && known.state !== undefined) {
        // Whoever begins anew learns by this how far it had come.
        this.#tell({ node: each.node, sequence: known.sequence, state: known.state })
      }
    }
  }

  /** Others still know what this node told before it was started again: it goes on behind that. */
  #recall({ sequence }: PresenceNews, known: Present | undefined): void {
    if (sequence <= (known?.sequence ?? 0)) return
    const { node } = this.#context.options
    if (known?.state !== undefined) this.#keep({ node, sequence: sequence + 1, state: known.state })
    else this.#present.set(node, { sequence, state: undefined, heardMs: this.#context.nowMs })
  }

  #keep(news: PresenceNews): void {
    const { nowMs, limits } = this.#context
    const { node, sequence, state } = news
    this.#present.set(node, { sequence, state, heardMs: nowMs })
    this.#sweepMs = Math.min(this.#sweepMs, nowMs + limits.presenceMsMax)
    this.#context.emit({ type: 'presence', node, state })
    this.#tell(news)
  }

  #tell(news: PresenceNews): void {
    this.#queue.add(news)
    if (this.#tellMs === Number.POSITIVE_INFINITY) {
      this.#tellMs = this.#context.nowMs + this.#context.jitter(this.#context.limits.presenceMs)
    }
  }

  wake(): void {
    const { nowMs, limits } = this.#context
    if (this.#tellMs <= nowMs) {
      this.#tellAll()
      this.#tellMs = this.#queue.isEmpty ? Number.POSITIVE_INFINITY : nowMs + this.#context.jitter(limits.presenceMs)
    }
    if (this.#sweepMs <= nowMs) this.#forgetOld()
  }

  #tellAll(): void {
    const targets = [...this.#choice.targets(new Set()), ...this.#choice.across()]
    if (targets.length === 0) return
    const news = this.#queue.take(this.#members())
    if (news.length === 0) return
    for (const to of targets) this.#context.send(to, { kind: 'presence', news })
  }

  #forgetOld(): void {
    const { nowMs, limits } = this.#context
    this.#sweepMs = Number.POSITIVE_INFINITY
    for (const [node, present] of this.#present) {
      const ageMs = nowMs - present.heardMs
      if (ageMs >= 2 * limits.presenceMsMax) {
        this.#present.delete(node)
        continue
      }
      if (ageMs >= limits.presenceMsMax && present.state !== undefined) {
        present.state = undefined
        this.#context.emit({ type: 'presence', node, state: undefined })
      }
      const dueMs = present.heardMs + (present.state === undefined ? 2 : 1) * limits.presenceMsMax
      this.#sweepMs = Math.min(this.#sweepMs, dueMs)
    }
  }
}

/** Random histories of several replicas, compared with the oracle after every step. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { checkSequence } from '../../src/sequence/check.ts'
import { type Message, Replica } from './replica.ts'

const HISTORIES = process.env.JOINERY_SOAK ? 20_000 : 200
const SEED = Number(process.env.JOINERY_SEED ?? 20_261_121)

interface Step {
  readonly kind: 'type' | 'insert' | 'after' | 'delete' | 'receive' | 'join' | 'reload' | 'interval'
  readonly replica: number
  /** Chooses a place, a message or an id, modulo how many there are. */
  readonly choice: number
  readonly count: number
}

const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.oneof(
    { weight: 8, arbitrary: fc.constant('type' as const) },
    { weight: 6, arbitrary: fc.constant('insert' as const) },
    { weight: 2, arbitrary: fc.constant('after' as const) },
    { weight: 6, arbitrary: fc.constant('delete' as const) },
    { weight: 14, arbitrary: fc.constant('receive' as const) },
    { weight: 1, arbitrary: fc.constant('join' as const) },
    { weight: 1, arbitrary: fc.constant('reload' as const) },
    { weight: 1, arbitrary: fc.constant('interval' as const) },
  ),
  replica: fc.nat({ max: 5 }),
  choice: fc.nat({ max: 1000 }),
  count: fc.integer({ min: 1, max: 5 }),
})

class History {
  readonly replicas: Replica[]
  readonly #sent: Message[][]
  readonly #carets: number[]

  constructor(count: number) {
    // Names whose order is neither that of the replicas nor that of their first appearance; one actor counts near 2^32.
    const names = ['m', 'z', 'a', 'q', 'B', 'é'].slice(0, count)
    this.replicas = names.map((name, index) => new Replica(name, count, index === 1 ? 2 ** 32 - 4096 : 1))
    this.#sent = names.map(() => [])
    this.#carets = names.map(() => 0)
  }

  run(step: Step): void {
    const at = step.replica % this.replicas.length
    const replica = this.replicas[at] as Replica
    const length = replica.sequence.length
    switch (step.kind) {
      case 'type':
      case 'insert': {
        const caret = step.kind === 'type' ? Math.min(this.#carets[at] as number, length) : step.choice % (length + 1)
        this.#send(at, replica.insert(caret, step.count))
        // A third of the writers goes backwards.
        this.#carets[at] = at % 3 === 2 ? caret : caret + step.count
        break
      }
      case 'after': {
        const all = replica.oracle.all()
        const node = all[step.choice % (all.length + 1)]
        this.#send(at, replica.insertAfter(node === undefined ? 'root' : `${node.actor}:${node.counter}`, step.count))
        // Other operations of the document take counters too.
        replica.nextCounter += step.choice % 2
        break
      }
      case 'delete': {
        if (length === 0) return
        const position = step.choice % length
        this.#send(at, replica.delete(position, Math.min(step.count, length - position)))
        this.#carets[at] = position
        break
      }
      case 'receive':
        this.receive(at, step.choice)
        break
      case 'join':
        replica.join(this.replicas[step.choice % this.replicas.length] as Replica)
        break
      case 'reload':
        replica.reload()
        break
      case 'interval': {
        const actor = (this.replicas[step.choice % this.replicas.length] as Replica).actor
        const base = actor === 'z' ? 2 ** 32 - 4096 : 1
        replica.checkInterval(actor, base + (step.choice % 7), base + (step.choice % 7) + step.count * 3)
        break
      }
    }
    replica.check()
  }

  /** Delivers one of the messages whose causes are there. False when there is none. */
  receive(at: number, choice: number): boolean {
    const replica = this.replicas[at] as Replica
    const ready: Message[] = []
    for (const [from, sent] of this.#sent.entries()) {
      const next = sent[replica.applied[from] as number]
      if (next?.seen.every((count, other) => (replica.applied[other] as number) >= count)) ready.push(next)
    }
    const message = ready[choice % ready.length]
    if (message === undefined) return false
    replica.apply(message.op)
    ;(replica.applied[message.from] as number)++
    return true
  }

  /** Delivers everything to everyone, and expects them to agree. */
  settle(choice: number): void {
    for (const [at, replica] of this.replicas.entries()) {
      while (this.receive(at, choice + at)) checkSequence(replica.sequence)
      replica.check()
      expect(replica.runs()).toEqual((this.replicas[0] as Replica).runs())
      replica.reload()
      replica.check()
    }
  }

  #send(from: number, op: Message['op']): void {
    const { applied } = this.replicas[from] as Replica
    const sent = this.#sent[from] as Message[]
    sent.push({ from, seen: [...applied], op })
    applied[from] = sent.length
  }
}

describe('sequence histories', () => {
  test('agree with the oracle after every step', () => {
    const histories = fc.property(
      fc.integer({ min: 3, max: 6 }),
      fc.array(step, { minLength: 20, maxLength: 90, size: 'max' }),
      fc.nat({ max: 1000 }),
      (replicas, steps, choice) => {
        const history = new History(replicas)
        for (const one of steps) history.run(one)
        history.settle(choice)
      },
    )
    fc.assert(histories, { numRuns: HISTORIES, seed: SEED })
  })
})

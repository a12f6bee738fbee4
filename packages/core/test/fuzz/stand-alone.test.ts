import { describe, expect, it } from 'vitest'
import type { Container } from '../../src/index.ts'
import { testActor } from './actors.ts'
import { type Decoder, fuzz, hex, inputsPerDecoder, refusal, type Target } from './harness.ts'
import { type Random, seeded } from './random.ts'
import { type Kind, kinds } from './values.ts'

/** States and deltas of three replicas that work together and lose some messages. */
function history(kind: Kind, seed: number): { states: Uint8Array[]; deltas: Uint8Array[] } {
  const random = seeded(seed)
  const replicas = ['r0', 'r1', 'r2'].map((name) => kind.open(testActor(name)))
  const states: Uint8Array[] = []
  const deltas: Uint8Array[] = []
  for (let round = 0; round < 12; round += 1) {
    const at = random.int(3)
    for (let steps = random.int(3); steps >= 0; steps -= 1) kind.step(replicas[at]!, random)
    const delta = replicas[at]!.takeDelta()
    deltas.push(delta)
    for (const [i, other] of replicas.entries()) if (i !== at && random.chance(0.6)) other.join(delta)
    if (random.chance(0.4)) states.push(random.pick(replicas).encode())
  }
  states.push(...replicas.map((replica) => replica.encode()))
  return { states, deltas }
}

function receiver(kind: Kind, value: Container): Target {
  return {
    take: (bytes) => value.join(bytes),
    observe: () => hex(value.encode()),
    check: (bytes, random) => checkValue(kind, value, bytes, random),
  }
}

function checkValue(kind: Kind, value: Container, bytes: Uint8Array | undefined, random: Random): void {
  const state = value.encode()
  const again = kind.decode(state, testActor('checker-one'))
  expect(hex(again.encode()), 'decodes its own encoding').toBe(hex(state))
  expect(again.toJSON(), 'to the same value').toEqual(value.toJSON())
  const fresh = kind.open(testActor('checker-two'))
  fresh.join(state)
  expect(hex(fresh.encode()), 'joins into a new replica').toBe(hex(state))
  value.join(state)
  if (bytes !== undefined) value.join(bytes)
  expect(hex(value.encode()), 'joining again changes nothing').toBe(hex(state))
  if (refusal(() => kind.step(value, random)) !== undefined) return
  fresh.join(value.takeDelta())
  expect(fresh.toJSON(), 'goes on working').toEqual(value.toJSON())
}

function joining(kind: Kind, name: string, corpus: readonly Uint8Array[], states: readonly Uint8Array[]): Decoder {
  return {
    name: `${kind.name} ${name}`,
    corpus,
    open(random) {
      const value = kind.open(testActor(random.pick(['r2', 'r3'])))
      if (random.chance(0.7)) {
        const own = kind.decode(random.pick(states), testActor('r7'))
        return receiver(kind, own)
      }
      return receiver(kind, value)
    },
  }
}

describe.each(kinds.map((kind) => [kind.name, kind] as const))('%s: damaged bytes', (name, kind) => {
  const histories = [1, 2, 3].map((seed) => history(kind, seed))
  const states = histories.flatMap((each) => each.states)
  const deltas = histories.flatMap((each) => each.deltas)

  it('as a state to join', () => {
    expect(fuzz(joining(kind, 'state', states, states), 1).inputs).toBe(inputsPerDecoder)
  })

  it('as a delta to join', () => {
    expect(fuzz(joining(kind, 'delta', deltas, states), 2).inputs).toBe(inputsPerDecoder)
  })

  it('as a state to load', () => {
    const decoder: Decoder = {
      name: `${name} load`,
      corpus: states,
      open: () => {
        let loaded: Container | undefined
        return {
          take: (bytes) => {
            loaded = kind.decode(bytes, testActor('r0'))
          },
          observe: () => '',
          check: (_, random) => checkValue(kind, loaded!, undefined, random),
        }
      },
    }
    expect(fuzz(decoder, 3).inputs).toBe(inputsPerDecoder)
  })
})

/**
 * Feeds damaged bytes to a decoder and checks its promise: refused with a code, quickly, and nothing has changed; or taken,
 * and everything still holds together.
 */
import { CoreError } from '../../src/index.ts'
import { mutate } from './mutate.ts'
import { type Random, seeded } from './random.ts'

export const inputsPerDecoder: number = process.env.JOINERY_SOAK ? 20_000 : 2_000

/** No input of a few hundred bytes may take longer. Generous, because test machines stall. */
const MS_MAX = 1_000

export interface Target {
  /** Takes the bytes; throws when they are refused. */
  take(bytes: Uint8Array): void
  /** Everything observable, as text; compared before and after a refusal. */
  observe(): string
  /** Throws unless the promises hold after `bytes` were taken. */
  check(bytes: Uint8Array, random: Random): void
}

export interface Decoder {
  readonly name: string
  /** Valid encodings. */
  readonly corpus: readonly Uint8Array[]
  /** A receiver; made anew after each input that was taken. */
  open(random: Random): Target
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

/** What a decoder did with inputs. */
interface Inventory {
  inputs: number
  refused: number
  taken: number
  slowestMs: number
}

/** The error of bytes that were refused; throws what is not a refusal. */
export function refusal(take: () => void): CoreError | undefined {
  try {
    take()
    return undefined
  } catch (error) {
    if (!(error instanceof CoreError)) throw error
    if (!error.code.startsWith('CORE_')) throw error
    return error
  }
}

/** Every truncation of the small ones, then random damage. */
function* inputs({ corpus }: Decoder, random: Random, count: number): Generator<Uint8Array> {
  let made = 0
  for (const bytes of corpus) {
    if (bytes.length > 80 || made > count / 4) continue
    for (let length = 0; length < bytes.length; length += 1, made += 1) yield bytes.slice(0, length)
  }
  for (; made < count; made += 1) yield mutate(random.pick(corpus), random, random.pick(corpus))
}

export function fuzz(decoder: Decoder, seed: number): Inventory {
  const random = seeded(seed)
  const inventory: Inventory = { inputs: 0, refused: 0, taken: 0, slowestMs: 0 }
  let target = decoder.open(random)
  let before = target.observe()
  for (const bytes of inputs(decoder, random, inputsPerDecoder)) {
    inventory.inputs += 1
    const started = performance.now()
    const cpu = process.cpuUsage()
    try {
      // Stacks of refusals are most of the time of a run, and nobody reads them.
      Error.stackTraceLimit = 0
      const error = refusal(() => target.take(bytes))
      Error.stackTraceLimit = 30
      if (error !== undefined) {
        inventory.refused += 1
        if (target.observe() !== before) throw new Error(`refused with ${error.code}, and yet something has changed`)
      } else {
        inventory.taken += 1
        target.check(bytes, random)
        target = decoder.open(random)
        before = target.observe()
      }
    } catch (cause) {
      throw new Error(`${decoder.name}, seed ${seed}, input ${inventory.inputs}: ${hex(bytes)}`, { cause })
    }
    const ms = performance.now() - started
    if (ms > inventory.slowestMs) inventory.slowestMs = ms
    // Other processes may stop this one for long; only what it used itself counts.
    const { user, system } = process.cpuUsage(cpu)
    if ((user + system) / 1000 > MS_MAX) throw new Error(`${decoder.name}: ${ms} ms for ${hex(bytes)}`)
  }
  const { inputs: tried, refused, taken, slowestMs } = inventory
  console.log(
    `fuzz ${decoder.name}: ${tried} inputs, ${refused} refused, ${taken} taken, slowest ${slowestMs.toFixed(1)} ms`,
  )
  return inventory
}

/**
 * What is common to types that merge by causality: a stand-alone value carries its causal context, per actor
 * `count of runs, (gap, length - 1)…`. Counters and grow-only sets do without, and without this module.
 */
import type { Actor } from '../causality/actor.ts'
import { CausalContext } from '../causality/causal-context.ts'
import type { Reader } from '../codec/reader.ts'
import * as limits from '../limits.ts'
import { type Decoder, type Encoder, type Frame, reusedActor } from './codec.ts'
import { type Apply, Container, type Place } from './container.ts'
import { SELF } from './site.ts'

export abstract class CausalContainer extends Container {
  constructor(at: Actor | Place) {
    super(at)
    this.place.site.context ??= new CausalContext()
  }

  override refersTo(actor: number): boolean {
    const { context, mentioned } = this.place.site
    return context?.isEmpty(actor) === false || (mentioned.has(actor) && this.mentions(actor))
  }

  override writeContext({ site, table, writer }: Encoder, whole: boolean): void {
    const own = site.last >= site.first ? [site.first, site.last] : []
    for (const actor of table) {
      const runs = whole ? (site.context?.runs(actor) ?? []) : actor === SELF ? own : []
      writer.varint(runs.length / 2)
      let end = 0
      for (let i = 0; i < runs.length; i += 2) {
        const first = runs[i] as number
        const last = runs[i + 1] as number
        writer.varint(first - end - 1)
        writer.varint(last - first)
        end = last + 1
      }
    }
  }

  override readFrame(reader: Reader, actors: readonly number[], whole: boolean): Frame {
    const context = readContext(reader, actors)
    const { site } = this.place
    return {
      actors,
      context: whole ? context : undefined,
      claim: context,
      ownLast: site.resuming ? lastOwn(context) : site.last,
    }
  }

  override applyRead({ claim, ownLast, reader, site }: Decoder, apply: Apply): void {
    const context = claim as CausalContext
    if (lastOwn(context) > ownLast) reusedActor()
    if (site.resuming && context.runs(SELF).length > 2) reader.invalid('out of range')
    apply()
    site.context?.join(context)
  }
}

/** The last dot of the local actor. */
function lastOwn(context: CausalContext): number {
  return context.runs(SELF).at(-1) ?? 0
}

function readContext(reader: Reader, actors: readonly number[]): CausalContext {
  const context = new CausalContext()
  for (const actor of actors) {
    const count = reader.count(2)
    let end = 0
    for (let i = 0; i < count; i += 1) {
      const first = end + 1 + reader.varint(limits.dotCounterMax)
      const last = first + reader.varint(limits.dotCounterMax)
      if (last > limits.dotCounterMax) reader.invalid('out of range')
      context.add(actor, first, last)
      end = last + 1
    }
  }
  return context
}

/**
 * What the suites need to know of a type: which operations there are, how to perform one, and what the value is by
 * definition. Models nest as types do, so a model of a map of texts is made of the two.
 */
import type { JsonValue, Spec } from '@joinery/core'
import type { Arbitrary } from 'fast-check'
import type { View } from '../oracle/tagged.ts'

export interface Model<H, Op> {
  readonly name: string
  readonly spec: Spec<H>
  readonly ops: Arbitrary<Op>
  /**
   * Performs an operation and answers it as it was performed, positions brought into range; undefined when it was refused or
   * there was nothing to do.
   */
  perform(handle: H, op: Op): Op | undefined
  /** The value by definition, in the form of `canonical`. */
  evaluate(view: View<Op>): JsonValue
  /** The JSON of a handle in a form in which only what counts is left: sets sorted, empty fields left out. */
  canonical(json: JsonValue): JsonValue
  /** The canonical value of one that was never written. */
  readonly empty: JsonValue
  /** What a subscriber's mirror begins with where a patch goes into a value of this type. */
  readonly blank: JsonValue
  /** Whether joining states tells one life of an actor from another: sets that only grow do not care. */
  readonly identified: boolean
}

/** A model whose types are nobody's business. */
// biome-ignore lint/suspicious/noExplicitAny: handle and operations are known to the model alone, in both directions.
export type AnyModel = Model<any, any>

export const same = (json: JsonValue): JsonValue => json

/** Text that orders canonical values. */
export function sortKey(json: JsonValue): string {
  return JSON.stringify(json)
}

/** A set as JSON, in an order that depends on its elements only. */
export function sortedSet(json: JsonValue): JsonValue {
  return [...(json as readonly JsonValue[])].sort((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1))
}

/** A stand-alone type as the laws see it. */
import type { Actor, Container } from '@joinery/core'
import type { Model } from '../models/model.ts'

export interface Subject<C extends Container, Op> {
  readonly model: Model<C, Op>
  /** The bottom of the lattice. */
  create(actor: Actor): C
  decode(bytes: Uint8Array, actor: Actor): C
}

// biome-ignore lint/suspicious/noExplicitAny: operations are known to the model alone.
export type AnySubject = Subject<any, any>

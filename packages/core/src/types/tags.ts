/** The types by name, for tools that know no schema. */
import * as numbers from './tag-numbers.ts'

export type TypeName =
  | 'gcounter'
  | 'pncounter'
  | 'bcounter'
  | 'gset'
  | '2pset'
  | 'orset'
  | 'lww'
  | 'mvreg'
  | 'ewflag'
  | 'dwflag'
  | 'ormap'
  | 'rga'
  | 'text'
  | 'struct'

export const tags: Readonly<Record<TypeName, number>> = {
  gcounter: numbers.gcounter,
  pncounter: numbers.pncounter,
  bcounter: numbers.bcounter,
  gset: numbers.gset,
  '2pset': numbers.twoPhaseSet,
  orset: numbers.orset,
  lww: numbers.lww,
  mvreg: numbers.mvreg,
  ewflag: numbers.ewflag,
  dwflag: numbers.dwflag,
  ormap: numbers.ormap,
  rga: numbers.rga,
  text: numbers.text,
  struct: numbers.struct,
}

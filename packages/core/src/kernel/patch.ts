/** What changed, for subscribers: one entry per visible effect, in the order in which they take place. */
import type { JsonValue } from '../codec/json.ts'

/** From the root: field names, map keys, and for elements of a list their index at that moment. */
export type Path = readonly (string | number)[]

export type Patch =
  /** A register, flag or counter reads differently now. */
  | { readonly type: 'set'; readonly path: Path; readonly value: JsonValue }
  /** A key is no longer there. */
  | { readonly type: 'unset'; readonly path: Path }
  /** An element is in a set now. */
  | { readonly type: 'add'; readonly path: Path; readonly elem: JsonValue }
  /** An element is no longer in a set. */
  | { readonly type: 'remove'; readonly path: Path; readonly elem: JsonValue }
  /** Elements of a list, or text, appeared at an index. */
  | { readonly type: 'insert'; readonly path: Path; readonly index: number; readonly value: JsonValue }
  /** Elements of a list, or UTF-16 units of a text, went away from an index on. */
  | { readonly type: 'delete'; readonly path: Path; readonly index: number; readonly count: number }

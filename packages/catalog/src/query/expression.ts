/** What a query asks for, as a tree. */
import type { KeyRange } from './index-key.ts'

export type Expression =
  | { readonly type: 'and' | 'or'; readonly parts: readonly Expression[] }
  | { readonly type: 'not'; readonly part: Expression }
  /** All of these words, anywhere. */
  | { readonly type: 'words'; readonly words: readonly string[] }
  /** A word that begins so. */
  | { readonly type: 'prefix'; readonly prefix: string }
  /** These words, and this text as it stands, without regard to case. */
  | { readonly type: 'phrase'; readonly words: readonly string[]; readonly text: string }
  /** A field with a value in one of these ranges. */
  | { readonly type: 'field'; readonly field: string; readonly ranges: readonly KeyRange[] }
  /** An id in this range, compared letter by letter. */
  | { readonly type: 'id'; readonly range: KeyRange }
  | { readonly type: 'has'; readonly field: string }

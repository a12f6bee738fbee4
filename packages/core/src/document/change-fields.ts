/** Which root fields a change touches, read without the document: what an admission needs to know before it takes one in. */
import { Reader } from '../codec/reader.ts'
import * as limits from '../limits.ts'
import type { Change } from './change.ts'

/** A root field by name and type number. */
export interface FieldName {
  readonly name: string
  readonly tag: number
}

/** Throws `CORE_DECODE_*`. Costs the number of fields, not their content. */
export function changedFields({ bytes, payloadAt }: Pick<Change, 'bytes' | 'payloadAt'>): readonly FieldName[] {
  const reader = new Reader(bytes, payloadAt)
  const fields: FieldName[] = []
  for (let left = reader.count(3); left > 0; left -= 1) {
    fields.push({ name: reader.string(limits.keyBytesMax), tag: reader.byte() })
    reader.skip(reader.varint())
  }
  reader.finish()
  return fields
}

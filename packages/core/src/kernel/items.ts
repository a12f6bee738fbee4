/** Elements of a list: JSON values, containers, and in deltas elements that were only moved. */
import { type JsonValue, readJson, writeJson } from '../codec/json.ts'
import type { Reader } from '../codec/reader.ts'
import type { Writer } from '../codec/writer.ts'

/** An element that is a container says so by its type; the container itself is found by the element's id. */
export class Nested {
  readonly tag: number

  constructor(tag: number) {
    this.tag = tag
  }
}

/** Content of an id that an element was moved to, in a delta: the receiver has the element. */
export class Moved {}

export const MOVED_ITEM: Moved = new Moved()

export type Item = JsonValue | Nested | Moved

/** First bytes of elements that are not JSON values, which begin with smaller ones. */
const CONTAINER = 15
const MOVED = 16

export function writeItem(writer: Writer, item: Item): void {
  if (item instanceof Nested) {
    writer.byte(CONTAINER)
    writer.byte(item.tag)
  } else if (item instanceof Moved) writer.byte(MOVED)
  else writeJson(writer, item as JsonValue)
}

export function readItems(reader: Reader, count: number): Item[] {
  if (count > reader.remaining) reader.invalid('not as announced')
  const items: Item[] = []
  for (let i = 0; i < count; i += 1) items.push(readItem(reader))
  return items
}

function readItem(reader: Reader): Item {
  const first = reader.remaining > 0 ? reader.bytes[reader.at] : undefined
  if (first !== CONTAINER && first !== MOVED) return readJson(reader)
  reader.byte()
  return first === CONTAINER ? new Nested(reader.byte()) : MOVED_ITEM
}

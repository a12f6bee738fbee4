/** A payload that arrives in parts, in order, and becomes whole. Nothing is allocated beyond what the limit allows. */
import { SessionRefusal } from './refusal.ts'

interface Part {
  readonly total: number
  readonly offset: number
  readonly payload: Uint8Array
}

export class Assembly {
  readonly name: string
  readonly bytes: Uint8Array
  offset = 0

  /** @param name tells parts of this payload from those of others. */
  constructor(name: string, total: number, bytesMax: number) {
    if (total > bytesMax) throw new SessionRefusal('payload_too_large', `at most ${bytesMax} bytes, not ${total}`)
    this.name = name
    this.bytes = new Uint8Array(total)
  }

  get isWhole(): boolean {
    return this.offset === this.bytes.length
  }

  /** Throws `SessionRefusal` (`malformed`) for a part that is not the next one. */
  add({ total, offset, payload }: Part): void {
    if (
      total !== this.bytes.length ||
      offset !== this.offset ||
      offset + payload.length > total ||
      payload.length === 0
    ) {
      throw new SessionRefusal('malformed', 'parts come one behind the other')
    }
    this.bytes.set(payload, offset)
    this.offset += payload.length
  }
}

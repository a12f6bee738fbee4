/**
 * What was loaded and not needed yet: of a document's many texts and records few are looked at. Only a document's own stored
 * state is left unread; what others send is read at once.
 */
import { Reader } from '../codec/reader.ts'
import { Decoder, type Encoder } from './codec.ts'
import type { Apply } from './container.ts'

/** The block of a container in a whole state. */
export interface Unread {
  readonly input: Decoder
  readonly at: number
  readonly end: number
}

/** Stands at the block, which is read against what it came with. */
export function decoderOf({ input, at, end }: Unread): Decoder {
  return new Decoder(new Reader(input.reader.bytes, at, end), input.site, input)
}

/** Reads a block that was passed over, as if nothing had been known yet, and without telling anybody. */
export function openUnread(unread: Unread, read: (input: Decoder) => Apply): void {
  const input = decoderOf(unread)
  const { site } = input
  const { timeMax } = site
  // It was believed when it came, whatever is read at present.
  site.timeMax = Number.POSITIVE_INFINITY
  try {
    const apply = read(input)
    input.reader.finish()
    site.load(apply)
  } finally {
    site.timeMax = timeMax
  }
}

/** Writes a block as it came, where actors have the same references as then. Answers false, with nothing written, where not. */
export function copyUnread(out: Encoder, { input, at, end }: Unread): boolean {
  if (!out.refersAs(input.actors)) return false
  out.writer.append(input.reader.bytes.subarray(at, end))
  return true
}

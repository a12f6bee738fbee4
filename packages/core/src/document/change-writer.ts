/** Writes the change in progress behind the log. */
import { Writer } from '../codec/writer.ts'
import { refuse } from '../errors.ts'
import { Encoder } from '../kernel/codec.ts'
import type { Container } from '../kernel/container.ts'
import { SELF, type Site } from '../kernel/site.ts'
import * as limits from '../limits.ts'
import { ChangeEncoder, type ChangeNote, type Extent, NO_HEADS, openChange } from './change.ts'
import type { ChangeLog } from './change-log.ts'
import type { Past } from './past.ts'

/** What the payload of a change is written into before its place is known: one for all documents, since nothing runs meanwhile. */
const PAYLOAD_BYTES_MIN = 1024
const PAYLOAD_BYTES_MAX = 65_536
const payload = new Writer(PAYLOAD_BYTES_MIN)

/** Of a change that nothing is to be said of. */
export const NO_NOTE: ChangeNote = {}

/** How a layer that signs has local changes signed, before anybody sees them. */
export interface ChangeSeal {
  /** What stands in a change where its signature will. */
  readonly signature: Uint8Array
  /** Writes the signature over that, which ends where the payload begins. What it throws undoes the change. */
  readonly sign: (change: Uint8Array) => void
}

export interface ChangeWriterOptions {
  readonly site: Site
  readonly past: Past
  readonly root: Container
  readonly log: ChangeLog
}

export class ChangeWriter {
  readonly #options: ChangeWriterOptions
  /** Used anew for each change, as most are too small to be worth objects of their own. */
  readonly #out: Encoder
  #encoder: ChangeEncoder | undefined
  /** Where the change that was written last begins in its slab. */
  from = 0
  seal: ChangeSeal | undefined

  constructor(options: ChangeWriterOptions) {
    this.#options = options
    this.#out = new Encoder(options.site, undefined, payload)
  }

  /** Throws `CORE_LIMIT_EXCEEDED` above `limits.changeBytesMax`, and for what a caller noted that others would refuse. */
  write(incarnation: string, given: ChangeNote): Extent {
    const { site, past, root, log } = this.#options
    const { seal } = this
    const note = seal ? { ...given, ...seal } : given
    const out = this.#out
    out.restart()
    root.writePending(out)
    const heads = past.heads.size === 1 && past.heads.has(SELF) ? NO_HEADS : past.headsBut(SELF)
    for (const actor of heads) out.reference(actor)
    const { first, last } = site
    const previous = past.checks[SELF]
    const extent = { first, length: last - first + 1, previous: previous ?? 0, timeMicros: site.time(), heads }
    const writer = log.begin()
    const from = writer.length
    this.from = from
    this.#encoder ??= new ChangeEncoder(site, incarnation)
    this.#encoder.write(writer, out.table, extent, note, payload)
    if (payload.bytes.length > PAYLOAD_BYTES_MAX) payload.bytes = new Uint8Array(PAYLOAD_BYTES_MIN)
    if (writer.length - from > limits.changeBytesMax) refuse('CORE_LIMIT_EXCEEDED', 'above limits.changeBytesMax')
    // What a caller gave is read back, so that nothing is sent that others refuse: names once, options each time.
    const bytes = writer.bytes.subarray(from, writer.length)
    if (note !== NO_NOTE || previous === undefined) openChange(bytes)
    seal?.sign(bytes)
    return extent
  }

  /** Containers that were touched to no effect are no longer pending. */
  drop(): void {
    this.#out.restart()
    this.#options.root.writePending(this.#out)
  }
}

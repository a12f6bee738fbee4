/** The streams that are open, so that what they show can be asked about again. */
import type { RefusalCode } from '@joinery/sync'
import type { Caller, DocumentService } from '../service/types.ts'

export interface OpenStream {
  readonly caller: Caller
  readonly document: string
  /** Ends it, and says why. */
  readonly end: (code: RefusalCode) => void
}

export class Streams {
  readonly #open = new Set<OpenStream>()

  /** Answers what is to be called when it has ended. */
  add(stream: OpenStream): () => void {
    this.#open.add(stream)
    return () => this.#open.delete(stream)
  }

  /** Ends what is not allowed any more. While that cannot be told, who was let in stays. */
  async review({ live }: DocumentService): Promise<void> {
    for (const { caller, document, end } of [...this.#open]) {
      const refusal = await live.refusal(caller, document)
      if (refusal?.code === 'permission_denied') end('permission_denied')
    }
  }
}

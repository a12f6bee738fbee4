/** What is written on this node: changes, changes of others that it admits, and ends. Each has a ticket, and is told what became of it. */
import { readChange, type SchemaDoc } from '@joinery/core'
import type { Context } from '../context.ts'
import { ReplicationError, type ReplicationErrorCode } from '../errors.ts'
import type { LifeKey } from '../messages/messages.ts'
import type { WriteChange } from '../ports.ts'

import type { Documents } from './documents.ts'
import type { Life } from './life.ts'
import { encodeTombstone, signTombstone } from './tombstone.ts'

export class LocalWrites {
  readonly #context: Context
  readonly #documents: Documents

  constructor(context: Context, documents: Documents) {
    this.#context = context
    this.#documents = documents
  }

  edit(key: LifeKey, ticket: number, write: WriteChange): void {
    this.#locally(key, ticket, (life, document) => {
      const bytes = write(document)?.slice()
      if (bytes === undefined) this.#context.emit({ type: 'admitted', ticket, headers: [] })
      else {
        const change = readChange(bytes)
        const { header, check } = change
        life.signed?.log.append(change)
        const knows = [{ actor: header.actor, counter: header.first + header.length - 1, check }]
        this.#documents.stage(life, [{ bytes, knows, headers: [header], ticket }])
      }
    })
  }

  submit(key: LifeKey, ticket: number, changes: readonly Uint8Array[]): void {
    this.#locally(key, ticket, (life) => {
      const { news, refused, forks, proofs, quarantined } = this.#documents.take(life, changes, undefined)
      const last = news.at(-1)
      if (refused.length > 0 || forks.length + proofs.length + quarantined.size > 0) {
        this.#refuse(ticket, 'REPLICATION_MALFORMED', refused[0] ?? 'two histories of one actor')
      } else if (last === undefined) {
        // What was known is not durable for that: it may have come in a moment ago.
        this.#documents.whenDurable(life, () => this.#context.emit({ type: 'admitted', ticket, headers: [] }))
      } else life.staged[life.staged.lastIndexOf(last)] = { ...last, ticket }
    })
  }

  /** Checks what every local write has to pass, and does it once the life is in memory. */
  #locally(key: LifeKey, ticket: number, write: (life: Life, document: SchemaDoc) => void): void {
    const isBusy = this.#documents.stagedBytes > this.#context.limits.unstoredBytesMax
    const life = isBusy ? undefined : this.#documents.obtain(key)
    if (life === undefined) this.#refuse(ticket, isBusy ? 'REPLICATION_BUSY' : 'REPLICATION_FULL', 'no room for more')
    else {
      this.#documents.whenLoaded(life, () => {
        const { document } = life
        if (document === undefined) this.#refuse(ticket, 'REPLICATION_ENDED', 'the life has ended')
        else if (life.damaged) this.#refuse(ticket, 'REPLICATION_DAMAGED', 'it is being fetched from peers')
        else this.#attempt(ticket, () => write(life, document))
      })
    }
  }

  #attempt(ticket: number, write: () => void): void {
    try {
      write()
    } catch (error) {
      this.#context.emit({ type: 'refused', ticket, error: error as Error })
    }
  }

  #refuse(ticket: number, code: ReplicationErrorCode, message: string): void {
    this.#context.emit({ type: 'refused', ticket, error: new ReplicationError(code, message) })
  }

  end(key: LifeKey, ticket: number): void {
    const { signing } = this.#context.options
    this.#locally(key, ticket, (life, { actor }) => {
      const tombstone = { actor: actor.id, timeMicros: actor.clock.now() }
      const bytes = signing === undefined ? encodeTombstone(tombstone) : signTombstone(signing, key, tombstone)
      this.#documents.end(life, bytes, { ticket })
    })
  }
}

/**
 * What one group of writes finds and changes. It is read at the start of the transaction, the writes are worked out on it one
 * after the other, and what it has gathered is stored with a statement per table.
 */
import type { DocumentHead, DocumentKey, LogEntry, Receipt, StoredSnapshot } from '@joinery/sync'

export interface TenantState {
  readonly number: number
  lastPosition: number
  /** Documents are numbered within their tenant. */
  lastDocument: number
}

interface DocumentState {
  readonly tenant: TenantState
  readonly number: number
  head: DocumentHead
  isChanged: boolean
  /** The log and tombstone that are stored go. */
  dropsLog: boolean
  /** Stored changes up to this version go. */
  cutsUpTo: number
  /** To be stored. */
  entries: StoredEntry[]
  /** To be stored; `null`: what is stored goes. */
  snapshot: StoredSnapshot | null | undefined
}

export interface StoredEntry {
  readonly entry: LogEntry
  readonly isEnd: boolean
}

/** A document as the start of the transaction finds it. */
export interface FoundDocument {
  readonly number: number
  readonly head: DocumentHead
}

export class GroupState {
  readonly #tenants: ReadonlyMap<string, TenantState>
  readonly #documents = new Map<string, DocumentState>()
  readonly #receipts = new Map<string, Receipt>()
  /** `undefined` removes. */
  readonly values: Map<string, string | undefined> = new Map()
  readonly commits: { readonly key: DocumentKey; readonly version: number }[] = []

  constructor(tenants: ReadonlyMap<string, TenantState>, documents: readonly FoundDocument[]) {
    this.#tenants = tenants
    for (const { number, head } of documents) {
      this.#documents.set(nameOf(head.key), documentState(tenants.get(head.key.tenant)!, number, head))
    }
  }

  get tenants(): readonly TenantState[] {
    return [...this.#tenants.values()]
  }

  get changed(): readonly DocumentState[] {
    return [...this.#documents.values()].filter(({ isChanged }) => isChanged)
  }

  get receipts(): readonly Receipt[] {
    return [...this.#receipts.values()]
  }

  /** A group whose writes were all refused has nothing to store. */
  get isUnchanged(): boolean {
    return this.changed.length === 0 && this.values.size === 0 && this.#receipts.size === 0
  }

  hasTenant(name: string): boolean {
    return this.#tenants.has(name)
  }

  tenant(name: string): TenantState {
    return this.#tenants.get(name)!
  }

  head(key: DocumentKey): DocumentHead | undefined {
    return this.#documents.get(nameOf(key))?.head
  }

  /** The document with its next head; one never seen gets a number. */
  change(head: DocumentHead): DocumentState {
    const name = nameOf(head.key)
    let document = this.#documents.get(name)
    if (!document) {
      const tenant = this.tenant(head.key.tenant)
      tenant.lastDocument += 1
      document = documentState(tenant, tenant.lastDocument, head)
      this.#documents.set(name, document)
    }
    document.head = head
    document.isChanged = true
    return document
  }

  /** The last one under its name stays. */
  putReceipt(receipt: Receipt): void {
    this.#receipts.set(JSON.stringify([receipt.tenant, receipt.scope, receipt.key]), receipt)
  }
}

function documentState(tenant: TenantState, number: number, head: DocumentHead): DocumentState {
  const rest = { isChanged: false, dropsLog: false, cutsUpTo: 0, entries: [], snapshot: undefined }
  return { tenant, number, head, ...rest }
}

/** A name for the document, of any content, without ambiguity. */
export function nameOf({ tenant, id }: DocumentKey): string {
  return JSON.stringify([tenant, id])
}

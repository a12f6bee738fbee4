import type { DocumentKey, Receipt, StoredSnapshot } from '@joinery/sync'
import { type Arrival, Arrivals } from './arrivals.ts'
import { lowerBound } from './sorted-ids.ts'

/** A document as memory keeps it. */
export interface MemoryDocument {
  readonly key: DocumentKey
  version: number
  incarnation: string
  deleted: boolean
  attributes: string
  snapshotVersion: number
  compactedVersion: number
  /** Changes of the current life, ascending by version. */
  log: Arrival[]
  /** The entry that ended the life before. */
  tombstone: Arrival | undefined
  snapshot: StoredSnapshot | undefined
}

/** What a tenant has. `ids` is ascending by UTF-8 bytes, for listings. */
interface MemoryTenant {
  readonly documents: Map<string, MemoryDocument>
  readonly ids: string[]
  readonly arrivals: Arrivals
}

/** Everything that outlives a closed store. */
export class Medium {
  storeId: string | undefined
  open = false
  lastPosition = 0
  readonly receipts: Map<string, Receipt> = new Map()
  readonly values: Map<string, string> = new Map()
  readonly #tenants = new Map<string, MemoryTenant>()

  /** Reading about a tenant that has nothing must not make it exist. */
  tenant(name: string): MemoryTenant | undefined {
    return this.#tenants.get(name)
  }

  tenantNames(): IterableIterator<string> {
    return this.#tenants.keys()
  }

  tenantForWriting(name: string): MemoryTenant {
    const existing = this.#tenants.get(name)
    if (existing) return existing
    const tenant: MemoryTenant = { documents: new Map(), ids: [], arrivals: new Arrivals() }
    this.#tenants.set(name, tenant)
    return tenant
  }

  document({ tenant, id }: DocumentKey): MemoryDocument | undefined {
    return this.#tenants.get(tenant)?.documents.get(id)
  }

  addDocument(document: MemoryDocument): void {
    const tenant = this.tenantForWriting(document.key.tenant)
    const { id } = document.key
    tenant.documents.set(id, document)
    tenant.ids.splice(lowerBound(tenant.ids, id), 0, id)
  }
}

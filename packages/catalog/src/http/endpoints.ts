/** What the endpoints of a catalog share. */
import { type EndpointInput, type Endpoints, headerText } from '@joinery/http'
import type { Scheduler } from '@joinery/sync'
import type { Catalog } from '../catalog.ts'
import type { CatalogErrorCode } from '../errors.ts'
import type { CatalogSchemas } from './schemas.ts'

export interface CatalogEndpoints extends Endpoints<CatalogErrorCode> {
  readonly catalog: Catalog
  readonly schemas: CatalogSchemas
  readonly scheduler: Scheduler
}

/** Who fetches without a name. */
const NOBODY = 'anonymous'
const NODE_ID_BYTES_MAX = 128

/** Who fetches deltas: `X-Node-ID`. Throws `ID_INVALID`. */
export function consumerOf<Query, Body>({ header }: EndpointInput<Query, Body>): string {
  const raw = header('x-node-id')
  return raw === undefined ? NOBODY : headerText(raw, { name: 'X-Node-ID', bytesMax: NODE_ID_BYTES_MAX })
}

export {
  type Catalog,
  type CatalogNews,
  type CatalogOptions,
  type CatalogStatus,
  indexedByDefault,
  startCatalog,
  type Written,
} from './catalog.ts'
export type { Applied } from './deltas/apply.ts'
export type { Clearing } from './deltas/consumers.ts'
export type { Delta, LwwDelta, OrSetDelta, StateDelta } from './deltas/delta.ts'
export type { DeltaPage } from './deltas/feed.ts'
export { CatalogError, type CatalogErrorCode } from './errors.ts'
export { type ServeCatalogOptions, serveCatalog } from './http/serve.ts'
export { type CatalogLimits, catalogLimits } from './limits.ts'
export { type CatalogMetrics, catalogMetrics } from './metrics/metrics.ts'
export type { Explanation } from './model/explain.ts'
export { type EntryKey, isKind, type Kind, kinds } from './model/kinds.ts'
export type { QueryItem, QueryPage, QueryRequest } from './query/query.ts'

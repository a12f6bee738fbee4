/** Limits of the catalog: name with its unit last, default, reason. All are checked where something is admitted, never when it arrives from a peer. */
import type { HttpLimits } from '@joinery/http'

export interface CatalogLimits {
  /** Id of an entry. With the name of a field it is a key of core, which takes 1 024. */
  readonly idBytesMax: number
  /** Name of a field of metadata. */
  readonly fieldNameBytesMax: number
  /** Fields in one request: each is a register of its own. */
  readonly fieldsMax: number
  /** Metadata in one request, as JSON. A change travels whole in one message between nodes. */
  readonly metadataBytesMax: number
  /** Entries in one answer of a query. */
  readonly queryLimitMax: number
  /** The same where nobody says how many. */
  readonly queryLimitDefault: number
  /** Text of a query. */
  readonly queryBytesMax: number
  /** Terms of a query: each is looked up and costs a pass over its matches. */
  readonly queryTermsMax: number
  /** Parentheses inside each other, and NOT before NOT: parsing recurses. */
  readonly queryDepthMax: number
  /** Fields named in `fields`. */
  readonly queryFieldsMax: number
  /** Indexed fields. Each costs memory per entry and time per write. */
  readonly indexesMax: number
  /** Words of one value that full text finds it by. What follows is not found by its words. */
  readonly valueWordsMax: number
  /** Words of one entry, over all of its values, for the same reason. */
  readonly entryWordsMax: number
  /** One word. Longer ones are cut, in the entry and in the query. */
  readonly wordUnitsMax: number
  /** Deltas in one answer. */
  readonly deltasPageMax: number
  /** The same where nobody says how many. */
  readonly deltasPageDefault: number
  /** Bytes of changes in one answer, beyond the first: a page of states would be large. */
  readonly deltasPageBytesMax: number
  /** Deltas in one request. */
  readonly deltasPostMax: number
  /** Bytes of one delta's change or state. A state is one of 256 parts of the catalog. */
  readonly deltaBytesMax: number
  /** Authors in one part of the catalog: a version vector has an entry for each, and whoever forges deltas could make up any number. */
  readonly authorsMax: number
  /** Who fetches deltas under a name of its own. */
  readonly consumersMax: number
  /** Versions answered to one consumer that it can still acknowledge. The oldest is forgotten; what it covered is fetched again. */
  readonly consumerVersionsMax: number
  /** Deltas in one acknowledgement by list. */
  readonly clearListMax: number
}

export const catalogLimits: CatalogLimits = {
  idBytesMax: 512,
  fieldNameBytesMax: 256,
  fieldsMax: 256,
  metadataBytesMax: 131_072,
  queryLimitMax: 1_000,
  queryLimitDefault: 50,
  queryBytesMax: 4_096,
  queryTermsMax: 64,
  queryDepthMax: 32,
  queryFieldsMax: 64,
  indexesMax: 32,
  valueWordsMax: 64,
  entryWordsMax: 256,
  wordUnitsMax: 64,
  deltasPageMax: 1_000,
  deltasPageDefault: 100,
  deltasPageBytesMax: 4_194_304,
  deltasPostMax: 1_000,
  deltaBytesMax: 16_777_216,
  authorsMax: 4_096,
  consumersMax: 1_000,
  consumerVersionsMax: 100,
  clearListMax: 10_000,
}

/** What differs from other hosts: a state, as text and as bytes, is larger than any value, and whoever hands deltas over hands over many. */
export const catalogHttpLimits: Pick<
  HttpLimits,
  'bodyBytesMax' | 'bodiesBufferedBytesMax' | 'bodiesBufferedTenantBytesMax'
> = {
  bodyBytesMax: 67_108_864,
  bodiesBufferedBytesMax: 268_435_456,
  bodiesBufferedTenantBytesMax: 201_326_592,
}

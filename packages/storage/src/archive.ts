/**
 * Moving data: everything that a store has, as a sequence of things that can be hashed, written into another store, or written
 * into a file and read back.
 */
export { type ArchiveHeader, archiveFormat, type EncodeOptions, encodeArchive } from './archive/encode-archive.ts'
export { DataError, type DataErrorCode } from './archive/errors.ts'
export type { HashListener } from './archive/fill-store.ts'
export type { Totals } from './archive/hash.ts'
export { type ImportArchiveOptions, type Imported, importArchive } from './archive/import-archive.ts'
export type { Scope, StoreItem } from './archive/items.ts'
export { type ArchiveLimits, archiveLimits } from './archive/limits.ts'
export { type Migrated, type MigrateOptions, type MigrateProgress, migrate } from './archive/migrate.ts'
export { countDocuments, type ReadStoreOptions, readHeads, readStore } from './archive/read-store.ts'
export {
  type CheckOptions,
  checkArchive,
  type OpenBytes,
  type RestoreOptions,
  type RestoreProgress,
  restore,
} from './archive/restore.ts'

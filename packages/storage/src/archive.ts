/**
 * Moving data: everything that a store has, as a sequence of things that can be hashed, written into another store, or written
 * into a file and read back.
 */
export { DataError, type DataErrorCode } from './archive/errors.ts'
export type { Totals } from './archive/hash.ts'
export { type ArchiveLimits, archiveLimits } from './archive/limits.ts'
export { type Migrated, type MigrateOptions, type MigrateProgress, migrate } from './archive/migrate.ts'

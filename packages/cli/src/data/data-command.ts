/** The options of the commands that move data. */
import type { Command } from 'commander'
import type { Environment } from '../environment.ts'
import { UsageError } from '../failure.ts'
import { DEFAULT_STORE, STDOUT, set, wholeNumber } from '../options.ts'
import { type ScopeFlags, scopeOf } from './scope.ts'

const STORES = 'sqlite:PATH, leveldb:DIR or postgres://USER@HOST/DATABASE'
const KEEP_VERSIONS = '1000'

interface Flags extends ScopeFlags {
  readonly store?: string
  readonly hashes: boolean
  readonly json: boolean
}

export function addData(program: Command, environment: Environment): void {
  addMigrate(program, environment)
  addBackup(program, environment)
  addRestore(program, environment)
  addExport(program, environment)
  addImport(program, environment)
  addCompact(program, environment)
}

function addMigrate(program: Command, environment: Environment): void {
  reported(program.command('migrate'))
    .description('copy everything from one store into an empty one, and compare; can be interrupted and run again')
    .requiredOption('--from <url>', `the store to read: ${STORES}`)
    .requiredOption('--to <url>', 'the store to fill; made when it is not there')
    .action(async (flags: Flags & { readonly from: string; readonly to: string }) => {
      const { migrateStore } = await import('./migrate.ts')
      return migrateStore(flags, environment)
    })
}

function addBackup(program: Command, environment: Environment): void {
  reported(stored(program.command('backup'), 'the store, or that of the running server'))
    .description('write everything that a store has into a file, also while a server runs on it')
    .argument('<file>', `not there yet; packed when it ends with .gz; ${STDOUT} is the standard output`)
    .option('--gzip', 'pack it whatever its name is', false)
    .action(async (file: string, flags: Flags & { readonly gzip: boolean }) => {
      const { backupStore } = await import('./backup.ts')
      return backupStore({ ...flags, store: storeOf(flags, environment), file }, environment)
    })
}

function addRestore(program: Command, environment: Environment): void {
  reported(stored(program.command('restore'), 'the store to fill, which is empty'))
    .description('fill an empty store from a backup, and compare; can be interrupted and run again')
    .argument('<file>', 'what joinery backup wrote')
    .action(async (file: string, flags: Flags) => {
      const { restoreStore } = await import('./restore.ts')
      return restoreStore({ ...flags, store: storeOf(flags, environment), file }, environment)
    })
}

function addExport(program: Command, environment: Environment): void {
  scoped(reported(stored(program.command('export'), 'the store, or that of the running server')))
    .description('write documents as JSON lines, with their values for people to read')
    .argument(
      '[file]',
      `not there yet; packed when it ends with .gz; ${STDOUT}, the standard output, by default`,
      STDOUT,
    )
    .option('--gzip', 'pack it whatever its name is', false)
    .action(async (file: string, flags: Flags & { readonly gzip: boolean }) => {
      const scope = scopeOf(flags)
      const { exportDocuments } = await import('./backup.ts')
      return exportDocuments({ ...flags, store: storeOf(flags, environment), file, scope }, environment)
    })
}

function addImport(program: Command, environment: Environment): void {
  scoped(reported(stored(program.command('import'), 'the store to add to')))
    .description('add the documents of an export or backup to a store')
    .argument('<file>', 'what joinery export or backup wrote')
    .option('--existing <what>', 'refuse or skip: documents that are there, or were deleted there', 'refuse')
    .action(async (file: string, flags: Flags & { readonly existing: string }) => {
      const existing = existingRule(flags.existing)
      const [store, scope] = [storeOf(flags, environment), scopeOf(flags)]
      const { importDocuments } = await import('./restore.ts')
      return importDocuments({ ...flags, store, file, scope, existing }, environment)
    })
}

function addCompact(program: Command, environment: Environment): void {
  scoped(stored(program.command('compact'), 'the store, or that of the running server'))
    .description('fold the history of documents into snapshots')
    .option('--keep <versions>', 'versions of each document that stay in its log', KEEP_VERSIONS)
    .option('--json', 'print JSON', false)
    .action(async (flags: Flags & { readonly keep: string }) => {
      const keepVersions = wholeNumber('--keep', flags.keep)
      const scope = scopeOf(flags)
      const { compactStore } = await import('./compact.ts')
      return compactStore({ ...flags, store: storeOf(flags, environment), scope, keepVersions }, environment)
    })
}

function stored(command: Command, what: string): Command {
  return command.option('--store <url>', `${what} (env STORE, default ${DEFAULT_STORE})`)
}

function reported(command: Command): Command {
  return command
    .option('--hashes', 'print the hash of each document too', false)
    .option('--json', 'print JSON lines', false)
}

function scoped(command: Command): Command {
  return command
    .option('--tenant <id>', 'only documents of this tenant')
    .option('--id <id>', 'only this document of the tenant')
}

function storeOf({ store }: Flags, { variables }: Environment): string {
  return store ?? set(variables.STORE) ?? DEFAULT_STORE
}

function existingRule(text: string): 'refuse' | 'skip' {
  if (text === 'refuse' || text === 'skip') return text
  throw new UsageError(`--existing is ${JSON.stringify(text)}`, 'Use refuse or skip.')
}

/** The options of the commands that move data. */
import type { Command } from 'commander'
import type { Environment } from '../environment.ts'
import { migrateStore } from './migrate.ts'

const STORES = 'sqlite:PATH, leveldb:DIR or postgres://USER@HOST/DATABASE'

export function addData(program: Command, environment: Environment): void {
  addMigrate(program, environment)
}

function addMigrate(program: Command, environment: Environment): void {
  program
    .command('migrate')
    .description('copy everything from one store into an empty one, and compare; can be interrupted and run again')
    .requiredOption('--from <url>', `the store to read: ${STORES}`)
    .requiredOption('--to <url>', 'the store to fill; made when it is not there')
    .option('--hashes', 'print the hash of each document too', false)
    .option('--json', 'print JSON lines', false)
    .action((flags: { readonly from: string; readonly to: string; readonly hashes: boolean; readonly json: boolean }) =>
      migrateStore(flags, environment),
    )
}

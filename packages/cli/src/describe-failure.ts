/**
 * Failures that the user can mend: a sentence about what is wrong, one about what to do. Loaded when something failed: it knows
 * everybody's errors.
 */
import { Refusal, StartError } from '@joinery/http'
import { NodeError, NodeRefusal } from '@joinery/node'
import { DataError } from '@joinery/storage/archive'
import { StoreError } from '@joinery/sync'
import { TransportError } from '@joinery/transport/nodes'
import type { Failure } from './failure.ts'
import { HostRefusal } from './host-api.ts'

const storeAdvice: Partial<Record<StoreError['code'], string>> = {
  STORE_LOCKED:
    'One process owns a store (of PostgreSQL: a seat in it): stop the server or other command that uses it, then try again.',
  STORE_FORMAT:
    'Give --store the file or directory of a Joinery store, and use a version of joinery at least as new as it.',
  STORE_IO:
    'Look at the permissions and free space of the directory, and at the medium; for a database, at its address and its log.',
  STORE_ARGUMENT: 'Give --store an address as joinery serve --help has it.',
  STORE_UNFINISHED: 'Run the same migrate or restore again, which goes on where it stopped, or remove the store.',
}

/** What to do, and the exit status: scripts tell by it whether to try again, to look, or to give another target. */
const dataAdvice: Readonly<Record<DataError['code'], readonly [string, number]>> = {
  DATA_TARGET_IS_SOURCE: ['Give another store to fill.', 2],
  DATA_NOT_BACKUP: ['Use joinery import, which adds documents to a store.', 2],
  DATA_NOT_FOUND: ['Look at the names: joinery docs ls shows those of a running server.', 1],
  DATA_DIFFERS: ['Stop whatever writes to either store, then run the same command again.', 3],
  DATA_DAMAGED: ['Nothing after that line was read. Use another copy of the file.', 3],
  DATA_TRUNCATED: ['The file was cut, or whoever wrote it was interrupted. Use another copy of it.', 3],
  DATA_FORMAT: ['Use a version of joinery at least as new as the one that wrote the file.', 3],
  DATA_TARGET_NOT_EMPTY: ['Give an empty store; nothing was written to this one.', 4],
  DATA_EXISTS: ['Say what to do with documents that are there, by --existing.', 4],
  DATA_INTERRUPTED: ['Run the same command again: it goes on where it stopped.', 130],
}

/** Of nodes: their own refusals, those of transports, and what a running node refuses. */
const nodeAdvice: Readonly<Record<string, string>> = {
  NODE_NOT_RUNNING: 'Start it by joinery node start, and give --store or --control as there.',
  NODE_DOCUMENT_MISSING: 'joinery node ls shows those that are there; joinery node set begins one.',
  NODE_NOT_REPLICATED: 'joinery node status shows whether others are connected.',
  NODE_STORE_SHARED: 'Give --store sqlite:PATH or leveldb:DIR.',
  NODE_KEY_FILE: 'joinery node keygen makes keys and secrets; a line of a list is NAME ed25519:KEY.',
  TRANSPORT_ADDRESS: 'Use tcp://HOST:PORT, ws://HOST:PORT/PATH or wss://HOST/PATH.',
  TRANSPORT_UNAVAILABLE: 'Give --listen another address; --advertise says where others reach it.',
}

/** A failure that nobody foresaw shows its stack. */
export function describeFailure(error: unknown): Failure {
  if (error instanceof StartError)
    return { text: `joinery: ${error.message} (${error.code})\n  ${error.advice}`, exitCode: 1 }
  if (error instanceof HostRefusal || error instanceof Refusal)
    return { text: `joinery: ${error.message} (${error.code})\n  ${error.advice}`, exitCode: 1 }
  if (error instanceof DataError) {
    const [advice, exitCode] = dataAdvice[error.code]
    return { text: `joinery: ${error.message} (${error.code})\n  ${advice}`, exitCode }
  }
  if (error instanceof StoreError) {
    const advice = storeAdvice[error.code]
    return { text: `joinery: ${error.message} (${error.code})${advice ? `\n  ${advice}` : ''}`, exitCode: 1 }
  }
  if (error instanceof NodeError || error instanceof TransportError || error instanceof NodeRefusal) {
    const advice = nodeAdvice[error.code]
    return { text: `joinery: ${error.message} (${error.code})${advice ? `\n  ${advice}` : ''}`, exitCode: 1 }
  }
  return { text: `joinery: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`, exitCode: 1 }
}

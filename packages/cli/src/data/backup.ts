/** `joinery backup` and `joinery export`: archives of a store, or of the running server that has it open. */
import { documentShown } from '@joinery/server'
import { countDocuments, encodeArchive, readStore, type Scope } from '@joinery/storage/archive'
import { requireFinished, type Store } from '@joinery/sync'
import type { Environment } from '../environment.ts'
import { STDOUT } from '../options.ts'
import { type Opened, openOrRunning } from '../running.ts'
import { requireNew, writeArchive } from './archive-file.ts'
import { interruption } from './interruption.ts'
import { type Progress, progress } from './progress.ts'
import { type ReportFlags, report } from './report.ts'
import { lastingStore, openSource } from './stores.ts'

export interface BackupOptions extends ReportFlags {
  readonly store: string
  readonly file: string
  readonly gzip: boolean
}

export interface ExportOptions extends BackupOptions {
  readonly scope: Scope
}

interface Wanted {
  readonly content: 'documents' | 'everything'
  readonly scope: Scope
  /** The value of each document as JSON too. */
  readonly values: boolean
}

export function backupStore(options: BackupOptions, environment: Environment): Promise<void> {
  return write(options, { content: 'everything', scope: {}, values: false }, environment)
}

export function exportDocuments({ scope, ...options }: ExportOptions, environment: Environment): Promise<void> {
  return write(options, { content: 'documents', scope, values: true }, environment)
}

async function write(
  { file, gzip, ...options }: BackupOptions,
  wanted: Wanted,
  environment: Environment,
): Promise<void> {
  const url = lastingStore(options.store)
  requireNew(file)
  const signal = interruption(environment)
  const shown = progress(environment)
  // What is written to the standard output must stay readable.
  const said = report(file === STDOUT ? environment.stderr : environment.stdout, options)
  const opened = await openOrRunning(url, openSource)
  try {
    const { total, chunks } = await archiveOf(opened, wanted, environment)
    const checks = { signal, onDocument: counted(shown, total, said.onHash) }
    said.end(await writeArchive(chunks, { path: file, gzip, ...checks }, environment).finally(shown.end))
  } finally {
    if ('store' in opened) await opened.store.close()
  }
}

interface Source {
  readonly chunks: AsyncIterable<Uint8Array>
  /** How many documents there will be, where that is known. */
  readonly total: number | undefined
}

async function archiveOf(opened: Opened, wanted: Wanted, { nowMs }: Environment): Promise<Source> {
  if ('running' in opened) return { chunks: opened.running.read(wanted), total: undefined }
  const { store } = opened
  await requireFinished(store)
  return { chunks: encoded(store, wanted, nowMs()), total: await countDocuments(store, wanted.scope) }
}

function encoded(store: Store, { content, scope, values }: Wanted, nowMs: number): AsyncIterable<Uint8Array> {
  const header = { content, scope, storeId: store.identity.storeId, madeAt: new Date(nowMs).toISOString() }
  const items = readStore(store, { content, scope, expiredMs: nowMs })
  return encodeArchive(header, items, values ? { show: documentShown } : {})
}

function counted<Arguments extends unknown[]>(
  shown: Progress,
  total: number | undefined,
  then: (...parameters: Arguments) => void,
): (...parameters: Arguments) => void {
  let done = 0
  return (...parameters) => {
    done += 1
    shown.update('writing', done, total)
    then(...parameters)
  }
}

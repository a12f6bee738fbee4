/** Other processes that write to the same data: what is kept in memory here follows what they stored. */
import type { DocumentKey, Store } from '@joinery/sync'
import type { LiveDocuments } from '../live/live-documents.ts'
import type { Library } from './library.ts'
import { type Lines, lineOf } from './lines.ts'

export interface OtherOwnersOptions {
  readonly store: Store
  readonly library: Library
  readonly lines: Lines
  readonly live: LiveDocuments
  readonly onWarning: ((message: string, cause: unknown) => void) | undefined
}

/** Keeps open and followed documents up to date until the answered function is called. */
export function followOtherOwners(options: OtherOwnersOptions): () => void {
  const { store, library, lines, live, onWarning } = options
  const unwatch = store.watch?.((event) => {
    const keys = event.type === 'commit' ? [event.key] : [...library.keys(), ...live.keys()]
    for (const key of keys) {
      lines
        .run(lineOf(key), () => bringUpToDate(key, options))
        .catch((error: unknown) => onWarning?.(`${key.id} could not be brought up to date`, error))
    }
  })
  return () => unwatch?.()
}

async function bringUpToDate(key: DocumentKey, { store, library, live }: OtherOwnersOptions): Promise<void> {
  const opened = library.peek(key)
  if (opened === undefined && !live.has(key)) return
  const head = await store.head(key)
  if (head === undefined || head.version <= (opened?.head.version ?? -1)) return
  const entries = opened === undefined ? undefined : await library.follow(opened, head)
  if (entries !== undefined) {
    live.publish({ ...head, version: entries.at(-1)?.version ?? head.version }, { kind: 'append' }, entries)
    return
  }
  library.drop(key)
  live.jump(key, head)
}

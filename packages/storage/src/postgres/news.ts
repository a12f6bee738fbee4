/**
 * What owners of one store tell each other: which documents have new versions. It travels by NOTIFY, inside the transaction of
 * the commits, so it arrives when they can be read and never otherwise.
 */
import type { DocumentKey, StoreEvent } from '@joinery/sync'

/** Names the sender; its own notifications come back to it. */
export type Sender = string

interface Committed {
  readonly key: DocumentKey
  readonly version: number
}

/** PostgreSQL folds a channel into an identifier, so it is made of what the schema may be made of. */
export function channelOf(schema: string): string {
  return `joinery_${schema}`
}

/** Payloads for the commits of one group, each of at most so many bytes. */
export function encodeNews(sender: Sender, commits: readonly Committed[], bytesMax: number): string[] {
  const head = `[${ascii(sender)}`
  const payloads: string[] = []
  let payload = head
  for (const { key, version } of commits) {
    const part = `,[${ascii(key.tenant)},${ascii(key.id)},${version}]`
    // The names are too long for any notification: whoever is told of a gap looks everywhere.
    if (head.length + part.length + 1 > bytesMax) return [`${head}]`]
    if (payload.length + part.length + 1 > bytesMax) {
      payloads.push(`${payload}]`)
      payload = head
    }
    payload += part
  }
  return commits.length === 0 ? [] : [...payloads, `${payload}]`]
}

/** Notifications are text in the encoding of the database, which may not have every character. */
function ascii(text: string): string {
  return JSON.stringify(text).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** What a notification tells; nothing when it is our own. One that nobody here can have sent means that anything may have changed. */
export function decodeNews(sender: Sender, payload: string | undefined): readonly StoreEvent[] {
  let news: unknown
  try {
    news = JSON.parse(payload ?? '')
  } catch {
    return [{ type: 'gap' }]
  }
  if (!Array.isArray(news)) return [{ type: 'gap' }]
  const [from, ...commits] = news as unknown[]
  if (from === sender) return []
  return commits.length === 0 ? [{ type: 'gap' }] : commits.map(eventOf)
}

function eventOf(commit: unknown): StoreEvent {
  const [tenant, id, version] = Array.isArray(commit) ? (commit as unknown[]) : []
  if (typeof tenant !== 'string' || typeof id !== 'string' || !Number.isSafeInteger(version)) return { type: 'gap' }
  return { type: 'commit', key: { tenant, id }, version: version as number }
}

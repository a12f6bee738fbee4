/**
 * Everything that `/metrics` tells, by name. The table in `docs/METRICS.md` is made from this one. Names follow the conventions of
 * Prometheus: base units at the end (`_seconds`, `_bytes`), counters end in `_total`, gauges say what there is now. Labels have few
 * values, none of which a caller can make up.
 */
export interface Instrument {
  readonly name: `joinery_${string}`
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly labels: readonly string[]
  readonly help: string
}

function counter(name: Instrument['name'], help: string, ...labels: string[]): Instrument {
  return { name, type: 'counter', help, labels }
}

function gauge(name: Instrument['name'], help: string): Instrument {
  return { name, type: 'gauge', help, labels: [] }
}

function histogram(name: Instrument['name'], help: string, ...labels: string[]): Instrument {
  return { name, type: 'histogram', help, labels }
}

export type MeasuredName =
  | 'operations'
  | 'operationSeconds'
  | 'requestSeconds'
  | 'lagSeconds'
  | 'commitSeconds'
  | 'storeReadSeconds'
  | 'changes'
  | 'conflictsResolved'
  | 'storeConflicts'
  | 'compactions'
  | 'compactionFailures'
  | 'refusals'
  | 'logLinesLeftOut'

/** What is counted and measured as it happens. */
export const measured: Readonly<Record<MeasuredName, Instrument>> = {
  operations: counter(
    'joinery_operations_total',
    'Operations of the service, by kind (put, apply, delete, read, list, log, poll, tenant_log, stream, subscribe, change: a batch of changes of a session) and outcome (done, refused, failed).',
    'operation',
    'outcome',
  ),
  operationSeconds: histogram(
    'joinery_operation_duration_seconds',
    'Time an operation took, whichever door it came through. A poll counts with its wait, a stream and a subscription until they begin.',
    'operation',
  ),
  requestSeconds: histogram(
    'joinery_http_request_duration_seconds',
    'Time from an HTTP request to its answer, by route as the API describes it. A stream counts until it begins.',
    'method',
    'route',
    'status',
  ),
  lagSeconds: histogram(
    'joinery_sync_lag_seconds',
    'Time from the arrival of changes over a session until they were stored and sent on.',
  ),
  commitSeconds: histogram('joinery_store_commit_duration_seconds', 'Time until a step was durable.'),
  storeReadSeconds: histogram(
    'joinery_store_read_duration_seconds',
    'Time a read of the store took, by what was read (head, log, snapshot, documents, tenant_log, receipt).',
    'read',
  ),
  changes: counter(
    'joinery_changes_stored_total',
    'Changes stored, by the door they came through (http, session).',
    'door',
  ),
  conflictsResolved: counter(
    'joinery_conflicts_resolved_total',
    'Changes joined with others that their author had not seen.',
  ),
  storeConflicts: counter(
    'joinery_store_conflicts_total',
    'Steps that another process overtook, and that were made again.',
  ),
  compactions: counter('joinery_compactions_total', 'Histories folded into their snapshot.'),
  compactionFailures: counter('joinery_compaction_failures_total', 'Histories that could not be folded.'),
  refusals: counter('joinery_refusals_total', 'What was refused, by door and code of the refusal.', 'door', 'code'),
  logLinesLeftOut: counter(
    'joinery_log_lines_left_out_total',
    'Lines that callers caused faster than the log takes them.',
  ),
}

export type CurrentName =
  | 'sockets'
  | 'subscriptions'
  | 'streams'
  | 'requests'
  | 'unreadBytes'
  | 'followed'
  | 'resident'
  | 'residentBytes'
  | 'transferBytes'
  | 'presenceBytes'
  | 'changesWaiting'
  | 'pendingBytes'
  | 'tasksWaiting'
  | 'compactionsWaiting'

/** What there is now. */
export const current: Readonly<Record<CurrentName, Instrument>> = {
  sockets: gauge('joinery_sockets', 'Open WebSocket connections.'),
  subscriptions: gauge('joinery_subscriptions', 'Documents followed over WebSocket, counted per connection.'),
  streams: gauge('joinery_http_streams', 'Event streams and long polls that are open.'),
  requests: gauge('joinery_http_requests_active', 'HTTP requests being answered.'),
  unreadBytes: gauge('joinery_unread_bytes', 'Bytes that were sent and not taken, over all connections.'),
  followed: gauge('joinery_documents_followed', 'Documents that somebody follows.'),
  resident: gauge('joinery_documents_resident', 'Documents in memory.'),
  residentBytes: gauge('joinery_documents_resident_bytes', 'Bytes that the documents in memory were made of.'),
  transferBytes: gauge('joinery_transfers_resident_bytes', 'Snapshots and updates kept ready for who joins.'),
  presenceBytes: gauge('joinery_presence_bytes', 'States of presence that are kept.'),
  changesWaiting: gauge('joinery_changes_waiting', 'Changes of sessions that wait to be stored.'),
  pendingBytes: gauge(
    'joinery_changes_pending_bytes',
    'Bytes of batches that have begun to arrive over sessions and are not stored.',
  ),
  tasksWaiting: gauge('joinery_document_tasks_waiting', 'Reads and writes that wait for their document, or have it.'),
  compactionsWaiting: gauge('joinery_compactions_waiting', 'Histories that wait to be folded, or are being.'),
}

/** What the server tells of itself, in the text format of Prometheus. Names and units follow its conventions. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { DocumentService } from './service/types.ts'

/** What the service tells of what it does. */
export interface ServiceObserver {
  /** Changes were stored in one step. */
  stored(door: 'http' | 'session', changes: number, seconds: number): void
  /** Changes of a session took so long from their arrival until they were sent on. */
  sent(seconds: number): void
  /** Changes were made without having seen each other, and joined. */
  merged(changes: number): void
  /** Somebody else wrote first: the step is made again. */
  conflict(): void
  compacted(): void
  refused(door: 'http' | 'session', code: string): void
}

export interface RequestMeasure {
  readonly method: string
  readonly route: string
  readonly status: number
  readonly seconds: number
}

export interface ServerMetrics extends ServiceObserver {
  request(measure: RequestMeasure): void
  /** Begins to tell of what is there now. */
  watch(now: { readonly service: DocumentService; readonly sockets: () => number }): void
  text(): Promise<string>
}

export const METRICS_TYPE: string = Registry.PROMETHEUS_CONTENT_TYPE

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

export function serverMetrics(): ServerMetrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  const requests = new Histogram({
    name: 'joinery_http_request_duration_seconds',
    help: 'Time from a request to its answer. A long poll counts with its wait.',
    labelNames: ['method', 'route', 'status'],
    buckets: SECONDS,
    registers,
  })
  const commits = new Histogram({
    name: 'joinery_store_commit_duration_seconds',
    help: 'Time until a step was durable.',
    buckets: SECONDS,
    registers,
  })
  const lag = new Histogram({
    name: 'joinery_sync_lag_seconds',
    help: 'Time from the arrival of changes over a session until they were stored and sent on.',
    buckets: SECONDS,
    registers,
  })
  const counter = (name: string, help: string, labelNames: string[] = []): Counter =>
    new Counter({ name, help, labelNames, registers })
  const changes = counter('joinery_changes_stored_total', 'Changes stored, by the door they came through.', ['door'])
  const merged = counter(
    'joinery_changes_concurrent_total',
    'Changes joined with others that their author had not seen.',
  )
  const refusals = counter('joinery_refusals_total', 'What was refused, by door and code.', ['door', 'code'])
  const conflicts = counter(
    'joinery_store_conflicts_total',
    'Steps that somebody else overtook, and that were made again.',
  )
  const compactions = counter('joinery_compactions_total', 'Histories folded into their snapshot.')
  return {
    request: ({ method, route, status, seconds }) =>
      requests.observe({ method, route, status: String(status) }, seconds),
    stored(door, count, seconds) {
      changes.inc({ door }, count)
      commits.observe(seconds)
    },
    sent: (seconds) => lag.observe(seconds),
    merged: (count) => merged.inc(count),
    conflict: () => conflicts.inc(),
    compacted: () => compactions.inc(),
    refused: (door, code) => refusals.inc({ door, code }),
    watch({ service, sockets }) {
      gauge(registry, 'joinery_sockets', 'Open WebSocket connections.', sockets)
      gauge(registry, 'joinery_documents_followed', 'Documents that somebody follows.', () => service.live.size)
      gauge(registry, 'joinery_documents_resident', 'Documents in memory.', () => service.resident.documents)
      gauge(
        registry,
        'joinery_documents_resident_bytes',
        'Bytes that the documents in memory were made of.',
        () => service.resident.bytes,
      )
      gauge(
        registry,
        'joinery_transfers_resident_bytes',
        'Snapshots and updates kept ready for who joins.',
        () => service.live.transferBytes,
      )
      gauge(
        registry,
        'joinery_changes_waiting',
        'Changes of sessions that wait to be stored.',
        () => service.live.waiting,
      )
    },
    text: () => registry.metrics(),
  }
}

function gauge(registry: Registry, name: string, help: string, read: () => number): void {
  new Gauge({
    name,
    help,
    registers: [registry],
    collect() {
      this.set(read())
    },
  })
}

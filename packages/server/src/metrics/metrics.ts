/** What the server tells of itself, in the text format of Prometheus. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { type CurrentName, current, type Instrument, measured } from './instruments.ts'
import type { OperationName, OperationOutcome, ServiceObserver, StoreRead } from './observer.ts'

export interface RequestMeasure {
  readonly method: string
  readonly route: string
  readonly status: number
  readonly seconds: number
}

/** Reads each figure of what there is now. */
export type CurrentFigures = Readonly<Record<CurrentName, () => number>>

export interface ServerMetrics extends ServiceObserver {
  request(measure: RequestMeasure): void
  refused(door: 'http' | 'session', code: string): void
  /** A line of the log was left out, because there were too many. */
  logLineLeftOut(): void
  /** Begins to tell of what is there now. */
  watch(figures: CurrentFigures): void
  text(): Promise<string>
}

/** From a commit in memory to a disk that hardly answers: enough to tell p50, p95 and p99 apart at each end. */
const SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]

export function serverMetrics(): ServerMetrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  const counter = ({ name, help, labels }: Instrument): Counter =>
    new Counter({ name, help, labelNames: [...labels], registers })
  const histogram = ({ name, help, labels }: Instrument): Histogram =>
    new Histogram({ name, help, labelNames: [...labels], buckets: SECONDS, registers })
  const operations = counter(measured.operations)
  const operationSeconds = histogram(measured.operationSeconds)
  const requestSeconds = histogram(measured.requestSeconds)
  const lagSeconds = histogram(measured.lagSeconds)
  const commitSeconds = histogram(measured.commitSeconds)
  const storeReadSeconds = histogram(measured.storeReadSeconds)
  const changes = counter(measured.changes)
  const conflictsResolved = counter(measured.conflictsResolved)
  const storeConflicts = counter(measured.storeConflicts)
  const compactions = counter(measured.compactions)
  const compactionFailures = counter(measured.compactionFailures)
  const refusals = counter(measured.refusals)
  const logLinesLeftOut = counter(measured.logLinesLeftOut)
  return {
    request: ({ method, route, status, seconds }) =>
      requestSeconds.observe({ method, route, status: String(status) }, seconds),
    operation(operation: OperationName, outcome: OperationOutcome, seconds: number) {
      operations.inc({ operation, outcome })
      operationSeconds.observe({ operation }, seconds)
    },
    stored(door, count, seconds) {
      changes.inc({ door }, count)
      commitSeconds.observe(seconds)
    },
    storeRead: (read: StoreRead, seconds: number) => storeReadSeconds.observe({ read }, seconds),
    sent: (seconds) => lagSeconds.observe(seconds),
    merged: (count) => conflictsResolved.inc(count),
    conflict: () => storeConflicts.inc(),
    compacted: () => compactions.inc(),
    compactionFailed: () => compactionFailures.inc(),
    refused: (door, code) => refusals.inc({ door, code }),
    logLineLeftOut: () => logLinesLeftOut.inc(),
    watch(figures) {
      for (const name of Object.keys(current) as CurrentName[]) gauge(registry, current[name], figures[name])
    },
    text: () => registry.metrics(),
  }
}

function gauge(registry: Registry, { name, help }: Instrument, read: () => number): void {
  new Gauge({
    name,
    help,
    registers: [registry],
    collect() {
      this.set(read())
    },
  })
}

/** What a node tells of itself, in the text format of Prometheus. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { NodeStatus } from '../node.ts'
import type { NodeObserver } from '../observer.ts'
import { type NodeCurrentName, type NodeInstrument, nodeCurrent, nodeMeasured } from './instruments.ts'

export interface NodeMetrics extends NodeObserver {
  /** Begins to tell of what is there now. */
  watch(status: () => NodeStatus): void
  text(): Promise<string>
}

/** From a commit in memory to a disk that hardly answers. */
const SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

export function nodeMetrics(): NodeMetrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  const counter = ({ name, help, labels }: NodeInstrument): Counter =>
    new Counter({ name, help, labelNames: [...labels], registers })
  const connections = counter(nodeMeasured.connections)
  const refusals = counter(nodeMeasured.refusals)
  const storeFailures = counter(nodeMeasured.storeFailures)
  const { name, help } = nodeMeasured.storeSeconds
  const storeSeconds = new Histogram({ name, help, buckets: SECONDS, registers })
  return {
    connected: () => connections.inc(),
    refused: (code) => refusals.inc({ code }),
    stored: (seconds) => storeSeconds.observe(seconds),
    storeFailed: () => storeFailures.inc(),
    output: outputCounter(counter),
    watch(status) {
      for (const [key, read] of Object.entries(readers)) {
        const instrument = nodeCurrent[key as NodeCurrentName]
        new Gauge({
          name: instrument.name,
          help: instrument.help,
          registers,
          collect() {
            this.set(read(status()))
          },
        })
      }
    },
    text: () => registry.metrics(),
  }
}

function outputCounter(counter: (instrument: NodeInstrument) => Counter): NonNullable<NodeObserver['output']> {
  const sent = counter(nodeMeasured.sent)
  const sentBytes = counter(nodeMeasured.sentBytes)
  const edits = counter(nodeMeasured.edits)
  const changes = counter(nodeMeasured.changes)
  const peerRefusals = counter(nodeMeasured.peerRefusals)
  const anomalies = counter(nodeMeasured.anomalies)
  return (output) => {
    switch (output.type) {
      case 'send':
        sent.inc({ cause: output.cause })
        sentBytes.inc({ cause: output.cause }, output.bytes.length)
        break
      case 'admitted':
      case 'refused':
        edits.inc({ outcome: output.type })
        break
      case 'changed':
        changes.inc(output.headers.length)
        break
      case 'peer-refused':
        peerRefusals.inc({ code: output.code })
        break
      case 'forked':
      case 'renewed':
      case 'diverged':
      case 'repaired':
        anomalies.inc({ kind: output.type })
        break
      default:
    }
  }
}

const readers: Readonly<Record<NodeCurrentName, (status: NodeStatus) => number>> = {
  peers: ({ peers }) => peers.length,
  members: ({ members }) => members.filter(({ state }) => state === 'alive' || state === 'suspect').length,
  lives: ({ replication }) => replication.lives,
  unstoredBytes: ({ replication }) => replication.unstoredBytes,
  pushes: ({ replication }) => replication.pushes,
  early: ({ replication }) => replication.early,
  forks: ({ forks }) => forks.length,
  waitingBytes: ({ transport }) => transport.waitingBytes,
  droppedMessages: ({ transport }) => transport.droppedMessages,
}

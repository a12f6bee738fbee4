/** What a cluster tells of itself, in the text format of Prometheus. */
import { Counter, Gauge, Registry } from 'prom-client'
import type { ClusterStats } from '../stats.ts'
import { clusterInstruments } from './instruments.ts'

export interface ClusterMetrics {
  text(): Promise<string>
}

export function clusterMetrics(stats: () => Promise<ClusterStats>): ClusterMetrics {
  const registry = new Registry()
  const registers = [registry]
  const set = clusterInstruments.map(({ name, help, type, read }) => {
    if (type === 'gauge') {
      const gauge = new Gauge({ name, help, registers })
      return (now: ClusterStats) => gauge.set(read(now))
    }
    const counter = new Counter({ name, help, registers })
    return (now: ClusterStats) => {
      // The figure is counted elsewhere, and only ever grows.
      counter.reset()
      counter.inc(read(now))
    }
  })
  return {
    async text() {
      const now = await stats()
      for (const each of set) each(now)
      return await registry.metrics()
    },
  }
}

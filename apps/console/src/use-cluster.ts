/** The cluster as the page shows it: read when the page opens and when something changes, at most so often. */

import type { ClusterNode, ClusterStats, Conflict } from '@joinery/cluster'
import { useCallback, useEffect, useRef, useState } from 'react'
import { follow, get, KeyNeeded } from './api.ts'

export interface Overview {
  readonly stats: ClusterStats
  readonly nodes: readonly ClusterNode[]
  readonly conflicts: readonly Conflict[]
  /** Bytes a second, since the reading before. */
  readonly rate: { readonly sent: number; readonly received: number }
}

export type Connection = 'connecting' | 'live' | 'lost' | 'key'

export interface ClusterView {
  readonly overview: Overview | undefined
  readonly connection: Connection
  /** Grows when machines may be others than before. */
  readonly version: number
  readonly again: () => void
}

/** Changes come in bursts: the page need not show each of them. */
const READ_MS = 400
/** Heartbeats and figures change without an event. */
const REFRESH_MS = 5_000
const RECONNECT_MS = 1_000

export function useCluster(): ClusterView {
  const [overview, setOverview] = useState<Overview>()
  const [connection, setConnection] = useState<Connection>('connecting')
  const [version, setVersion] = useState(0)
  const [attempt, setAttempt] = useState(0)
  const before = useRef<{ readonly sent: number; readonly received: number; readonly atMs: number }>(undefined)

  const read = useCallback(async () => {
    const [stats, { nodes }, { conflicts }] = await Promise.all([
      get<ClusterStats>('/v1/stats'),
      get<{ nodes: ClusterNode[] }>('/v1/nodes'),
      get<{ conflicts: Conflict[] }>('/v1/conflicts'),
    ])
    const { sentBytes: sent, receivedBytes: received } = stats.traffic
    const now = { sent, received, atMs: performance.now() }
    const seconds = before.current === undefined ? 0 : (now.atMs - before.current.atMs) / 1000
    const rate = (to: number, from: number): number => (seconds === 0 ? 0 : Math.max(0, to - from) / seconds)
    const last = before.current ?? now
    before.current = now
    setOverview({
      stats,
      nodes,
      conflicts,
      rate: { sent: rate(sent, last.sent), received: rate(received, last.received) },
    })
  }, [])

  // biome-ignore lint/correctness/useExhaustiveDependencies: another attempt begins all of it anew.
  useEffect(() => {
    const end = new AbortController()
    let due: ReturnType<typeof setTimeout> | undefined
    let reconnect: ReturnType<typeof setTimeout> | undefined
    const fail = (error: unknown): void => {
      if (end.signal.aborted) return
      setConnection(error instanceof KeyNeeded ? 'key' : 'lost')
      if (!(error instanceof KeyNeeded)) reconnect = setTimeout(() => setAttempt((n) => n + 1), RECONNECT_MS)
    }
    const readSoon = (): void => {
      due ??= setTimeout(() => {
        due = undefined
        read().catch(() => {})
        setVersion((n) => n + 1)
      }, READ_MS)
    }
    const refresh = setInterval(readSoon, REFRESH_MS)
    read()
      .then(() => {
        if (!end.signal.aborted) setConnection('live')
        return follow(readSoon, end.signal).then(() => fail(new Error('the node has gone')))
      })
      .catch(fail)
    return () => {
      end.abort()
      clearInterval(refresh)
      clearTimeout(due)
      clearTimeout(reconnect)
    }
  }, [attempt, read])

  return { overview, connection, version, again: () => setAttempt((n) => n + 1) }
}

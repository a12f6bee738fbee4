/** Somebody who has nothing joins a document of 1 MB. */
import { summarize } from '../../lib/statistics.mjs'

const RECORDS = 5_264
const JOINS = 3
const LIMIT_MS = 120_000

const median = (values) => summarize(values).value

async function joinTimes(pair, times, titleLength) {
  const joins = []
  for (let i = 0; i < times; i += 1) {
    joins.push(await pair.load({ do: 'join', records: RECORDS, titleLength }, LIMIT_MS))
  }
  return {
    ms: median(joins.map(({ ms }) => ms)),
    client: median(joins.map(({ cpu }) => cpu.client)),
    server: median(joins.map(({ cpu }) => cpu.server)),
    bytes: Math.max(...joins.map(({ bytes }) => bytes)),
  }
}

export const join = {
  name: 'join',
  metrics: {
    warm: { unit: 'ms' },
    'warm-client-cpu': { unit: 'ms' },
    restart: { unit: 'ms' },
    'restart-server-cpu': { unit: 'ms' },
    'warm-bytes': { unit: 'bytes' },
    'restart-bytes': { unit: 'bytes' },
    document: { unit: 'bytes' },
  },
  async measure(pair, _effort, { lasts }) {
    const { documentBytes, titleLength } = await pair.load({ do: 'fill', records: RECORDS }, LIMIT_MS)
    // The first one teaches the client's code, which a restart of the server does not take back.
    await joinTimes(pair, 1, titleLength)
    const warm = await joinTimes(pair, JOINS, titleLength)
    const figures = {
      document: documentBytes,
      warm: warm.ms,
      'warm-client-cpu': warm.client,
      'warm-bytes': warm.bytes,
    }
    if (!lasts) return figures
    await pair.load({ do: 'leave' }, LIMIT_MS)
    await pair.restartServer()
    const first = await joinTimes(pair, 1, titleLength)
    return { ...figures, restart: first.ms, 'restart-server-cpu': first.server, 'restart-bytes': first.bytes }
  },
}

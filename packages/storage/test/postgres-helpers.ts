import { setTimeout as delay } from 'node:timers/promises'
import { Client } from 'pg'

/** Runs statements as an administrator would, over a connection of its own. */
export async function sql<Row extends object = Record<string, unknown>>(
  url: string,
  text: string,
  values: unknown[] = [],
): Promise<Row[]> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query<Row>(text, values)).rows
  } finally {
    await client.end()
  }
}

/** Resolves when no store is connected to the server any more. */
export async function nobodyConnected(url: string): Promise<void> {
  const count = "SELECT count(*)::int AS count FROM pg_stat_activity WHERE application_name = 'joinery'"
  for (let i = 0; i < 200; i += 1) {
    if ((await sql<{ count: number }>(url, count))[0]!.count === 0) return
    await delay(20)
  }
  throw new Error('a store stays connected')
}

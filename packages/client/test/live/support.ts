/** Clients of the SDK over real sockets, and what their tests wait for. */
import { type Client, type ClientOptions, createClient } from '../../src/index.ts'
import { openSocket } from '../../src/node.ts'

const quick = { connectRetryMsMin: 20, connectRetryMsMax: 200, markDelayMs: 20 }

export function open(url: string, nodeId: string, options: Partial<ClientOptions> = {}): Client {
  return createClient({ url, tenant: 'acme', nodeId, openSocket, ...options, limits: { ...quick, ...options.limits } })
}

/** Waits until a condition holds. */
export async function until(holds: () => boolean, what: string, ms = 10_000): Promise<void> {
  const end = Date.now() + ms
  while (!holds()) {
    if (Date.now() > end) throw new Error(`not in time: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

/** Clients of the SDK over real sockets, and what their tests wait for. */
import {
  boundedCounter,
  defineSchema,
  dwFlag,
  ewFlag,
  gCounter,
  gSet,
  list,
  lww,
  mvRegister,
  orMap,
  orSet,
  pnCounter,
  struct,
  text,
  twoPhaseSet,
} from '@joinery/core'
import { type Client, type ClientOptions, createClient } from '../../src/index.ts'
import { openSocket } from '../../src/node.ts'

export const schema = defineSchema({
  title: lww<string>(),
  options: mvRegister<string>(),
  tags: orSet<string>(),
  seen: gSet<string>(),
  once: twoPhaseSet<string>(),
  votes: pnCounter(),
  visits: gCounter(),
  credits: boundedCounter(),
  open: ewFlag(),
  closed: dwFlag(),
  map: orMap(),
  records: orMap(struct({ name: lww<string>(), count: pnCounter() })),
  body: text(),
  items: list<string>(),
  steps: list(struct({ name: lww<string>(), done: ewFlag() })),
})

export const quick = { connectRetryMsMin: 20, connectRetryMsMax: 200, markDelayMs: 20 }

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

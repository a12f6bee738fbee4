/** Counts what is being answered: sheds what is too much, in all and of one tenant, and knows when everything begun is done. */
import { setMaxListeners } from 'node:events'
import { Budget } from '@joinery/sync'
import type { MiddlewareHandler } from 'hono'
import type { HttpEnv, Load, Visit } from './context.ts'
import { HttpError } from './errors.ts'
import type { HttpLimits } from './limits.ts'

type LoadLimits = Pick<HttpLimits, 'requestsConcurrentMax' | 'requestsTenantMax' | 'streamsMax' | 'streamsTenantMax'>

export interface LoadGate {
  readonly load: Load
  readonly middleware: MiddlewareHandler<HttpEnv>
}

export function loadGate(limits: LoadLimits): LoadGate {
  let active = 0
  let draining = false
  const leaving = new AbortController()
  // Every stream and every poll listens.
  setMaxListeners(0, leaving.signal)
  const waiting: (() => void)[] = []
  const requests = new Budget(limits.requestsConcurrentMax, limits.requestsTenantMax)
  const streams = new Budget(limits.streamsMax, limits.streamsTenantMax)
  const leave = (): void => {
    active -= 1
    if (active === 0) for (const resolve of waiting.splice(0)) resolve()
  }
  const visit = (tenant: string): Visit => {
    const release = take(requests, tenant, 'requests are being answered')
    const stay = (): (() => void) => take(streams, tenant, 'callers wait for news')
    return {
      leave: release,
      stay,
      async aside(task) {
        const back = stay()
        release()
        leave()
        try {
          return await task()
        } finally {
          back()
          active += 1
        }
      },
    }
  }
  const load: Load = {
    get active() {
      return active
    },
    get streams() {
      return streams.used
    },
    get draining() {
      return draining
    },
    drain() {
      draining = true
      leaving.abort()
    },
    leaving: leaving.signal,
    enter: visit,
    idle: () => (active === 0 ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve))),
  }
  const middleware: MiddlewareHandler<HttpEnv> = async (_, next) => {
    if (draining) throw new HttpError('SHUTTING_DOWN', 'the server finishes what it began and takes nothing new')
    if (active >= limits.requestsConcurrentMax) {
      throw new HttpError('OVERLOADED', `${active} requests are being answered already`)
    }
    active += 1
    try {
      await next()
    } finally {
      leave()
    }
  }
  return { load, middleware }
}

/** Takes a place for a tenant. Throws `OVERLOADED` when there is none, `RATE_LIMITED` when the tenant has its share. */
function take(budget: Budget, tenant: string, what: string): () => void {
  const release = budget.take(tenant, 1)
  if (release !== undefined) return release
  if (budget.isFull(1)) throw new HttpError('OVERLOADED', `${budget.used} ${what} already`)
  throw new HttpError('RATE_LIMITED', `${budget.heldBy(tenant)} ${what} of this tenant already`)
}

/** Counts what is being answered: sheds what is too much, and knows when everything begun is done. */
import type { MiddlewareHandler } from 'hono'
import { ServerError } from '../errors.ts'
import type { ServerLimits } from '../limits.ts'
import type { HttpEnv, Load } from './context.ts'

export function loadGate(limits: Pick<ServerLimits, 'requestsConcurrentMax' | 'streamsMax'>): {
  readonly load: Load
  readonly middleware: MiddlewareHandler<HttpEnv>
} {
  let active = 0
  let draining = false
  let aside = 0
  const leaving = new AbortController()
  const waiting: (() => void)[] = []
  const leave = (): void => {
    active -= 1
    if (active === 0) for (const resolve of waiting.splice(0)) resolve()
  }
  const load: Load = {
    get active() {
      return active
    },
    get draining() {
      return draining
    },
    drain() {
      draining = true
      leaving.abort()
    },
    leaving: leaving.signal,
    stay() {
      if (aside >= limits.streamsMax) throw new ServerError('OVERLOADED', `${aside} callers wait for news already`)
      aside += 1
      return () => {
        aside -= 1
      }
    },
    async aside(task) {
      const back = load.stay()
      leave()
      try {
        return await task()
      } finally {
        back()
        active += 1
      }
    },
    idle: () => (active === 0 ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve))),
  }
  const middleware: MiddlewareHandler<HttpEnv> = async (_, next) => {
    if (draining) throw new ServerError('SHUTTING_DOWN', 'the server finishes what it began and takes nothing new')
    if (active >= limits.requestsConcurrentMax) {
      throw new ServerError('OVERLOADED', `${active} requests are being answered already`)
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

/** What the log and the metrics are told of a live session. Frames, changes and presence stay out of it. */
import { loggable } from '@joinery/http'
import type { Principal, SessionObserver } from '@joinery/sync'
import type { AppOptions } from './context.ts'

export function sessionJournal(
  session: string,
  { log, now, metrics }: Pick<AppOptions, 'log' | 'now' | 'metrics'>,
): SessionObserver {
  const startedAt = now()
  let principal: Partial<Principal> = {}
  let refusals = 0
  const who = () => ({ session, tenant: principal.tenant, node: principal.node, keyId: principal.key })
  return {
    admitted(admitted, { agent }) {
      principal = admitted
      log.done({ ...who(), agent: loggable(agent) }, 'session began')
    },
    refused({ document, code }) {
      refusals += 1
      metrics?.refused('session', code)
      log.refused({ ...who(), document: loggable(document), code }, 'session refused')
    },
    ended(code) {
      const line = { ...who(), code, refusals, ms: now() - startedAt }
      if (code !== undefined) metrics?.refused('session', code)
      if (code !== undefined && code !== 'shutting_down') log.refused(line, 'session ended')
      else if (principal.tenant === undefined) log.detail(line, 'session ended')
      else log.done(line, 'session ended')
    },
    fault: (error) => log.failed(error, who(), 'unexpected failure'),
  }
}

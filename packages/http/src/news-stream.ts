/** News of what a host keeps, as Server-Sent Events: each with its name, and `reset` at the beginning and where some were missed. */
import type { Scheduler } from '@joinery/sync'
import type { Load } from './context.ts'
import type { EndpointAnswer, EndpointInput } from './endpoint.ts'
import { eventStream } from './event-stream.ts'
import type { HttpLimits } from './limits.ts'

/** Tells of one event: its name, and what it is about. */
export type Tell = (event: string, data: object) => void

export interface NewsOptions {
  /** Begins to tell; answers what ends that. */
  readonly watch: (tell: Tell) => () => void
  readonly scheduler: Scheduler
  readonly load: Pick<Load, 'leaving'>
  readonly limits: Pick<HttpLimits, 'streamHeartbeatMs'>
}

export async function newsStream(
  { watch, scheduler, load, limits }: NewsOptions,
  { gone, visit }: Pick<EndpointInput<unknown, unknown>, 'gone' | 'visit'>,
): Promise<EndpointAnswer> {
  const begin = async (take: (frame: string, last: boolean) => void): Promise<() => void> => {
    const tell: Tell = (event, data) => take(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`, false)
    const end = watch(tell)
    tell('reset', {})
    return end
  }
  const body = await eventStream(begin, {
    catchUp: begin,
    scheduler,
    heartbeatMs: limits.streamHeartbeatMs,
    stay: visit.stay,
    ends: [load.leaving, gone],
    hold: () => () => {},
  })
  return { status: 200, body, headers: { 'Content-Type': 'text/event-stream', 'X-Accel-Buffering': 'no' } }
}

/** A host on a socket: what it takes to answer requests safely, from the address to the last answer. */
import type { Logger } from 'pino'
import { type Connections, watchConnections } from './connections.ts'
import type { HostApp } from './host-app.ts'
import type { HttpLimits } from './limits.ts'
import { createListener, type Listener, type TlsIdentity } from './listener.ts'
import type { BoundedLog } from './log/bounded-log.ts'
import { shownFailure } from './log/failure.ts'
import { shutDown } from './shut-down.ts'
import { type ChosenAddress, listenOn } from './start.ts'

export interface HostOptions extends Pick<HostApp, 'load'> {
  readonly fetch: HostApp['app']['fetch']
  readonly address: ChosenAddress
  readonly tls: TlsIdentity | undefined
  readonly keysRequired: () => boolean
  readonly limits: HttpLimits
  readonly logger: Logger
  readonly log: BoundedLog
  readonly random: (bytes: number) => Uint8Array
  /** Milliseconds. */
  readonly now: () => number
  /** Adds what is not a request, before anybody can ask. */
  readonly prepare?: (listener: Listener, connections: Connections) => void
  /** Once all is answered: what is to be durable before the rest ends. */
  readonly drain?: () => Promise<void>
  /** Ends what is not a request. */
  readonly terminate?: () => void
}

export interface RunningHost {
  /** Where it can be reached from this machine. */
  readonly url: string
  readonly host: string
  readonly port: number
  /** Takes nothing new, finishes what was begun and closes: `true` when nothing had to be cut off. Idempotent. */
  close(): Promise<boolean>
}

/** Starts listening. Throws `StartError`. */
export async function startHost(options: HostOptions): Promise<RunningHost> {
  const { load, address, tls, limits, logger, log, random, now, drain, terminate } = options
  const newRequestId = (): string => Buffer.from(random(12)).toString('base64url')
  const listener = createListener({ fetch: (request, env) => options.fetch(request, env), limits, tls, newRequestId })
  const connections = watchConnections(listener, {
    isTls: tls !== undefined,
    limits,
    now,
    onCutOff: (count) => log.refused({ count }, 'readers that do not read were cut off'),
  })
  options.prepare?.(listener, connections)
  const bound = await listenOn(listener, address, tls !== undefined)
  listener.on('error', (error) => logger.error({ failure: shownFailure(error) }, 'the listener failed'))
  warn(options)
  let closing: Promise<boolean> | undefined
  return {
    ...bound,
    close() {
      closing ??= shutDown({
        listener,
        load,
        logger,
        graceMs: limits.shutdownGraceMs,
        ...(drain !== undefined && { drain }),
        ...(terminate !== undefined && { terminate }),
      }).finally(() => connections.close())
      return closing
    },
  }
}

function warn({ address, tls, keysRequired, logger }: HostOptions): void {
  if (address.loopbackOnly) return
  if (tls === undefined) logger.warn('others can read along without TLS: use --tls-cert or a proxy that has it')
  if (!keysRequired()) logger.warn('whoever reaches this address can read and write: there are no API keys')
}

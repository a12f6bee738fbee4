/** How a host ends: takes nothing new, finishes what was begun, and cuts off what takes too long. */
import type { Logger } from 'pino'
import type { Load } from './context.ts'
import type { Listener } from './listener.ts'

export interface ShutDownOptions {
  readonly listener: Listener
  readonly load: Load
  readonly logger: Logger
  readonly graceMs: number
  /** Once all is answered: what is to be durable before the rest ends. */
  readonly drain?: () => Promise<void>
  /** Ends what is not a request. */
  readonly terminate?: () => void
}

/** Connections turn idle as their answers leave; each is let go of soon after. */
const IDLE_CHECK_MS = 25
/** Connections on which no request was ever sent count as busy for Node. They get this long, in case one is under way. */
const LINGER_MS = 250

/** Answers whether everything ended in time. */
export async function shutDown(options: ShutDownOptions): Promise<boolean> {
  const { listener, load, logger, graceMs, drain, terminate } = options
  load.drain()
  const closed = new Promise<void>((resolve) => listener.close(() => resolve()))
  logger.info({ active: load.active }, 'stopping: finishing what was begun')
  const sweep = setInterval(() => listener.closeIdleConnections(), IDLE_CHECK_MS)
  const clean = await within(graceMs, async () => {
    await listener.answered()
    await drain?.()
  })
  await within(LINGER_MS, () => closed)
  clearInterval(sweep)
  if (!clean) logger.warn({ active: load.active, graceMs }, 'the grace period is over: cutting off what is left')
  terminate?.()
  listener.closeAllConnections()
  return clean
}

/** True when it was done in time. */
export async function within(ms: number, run: () => Promise<void>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), ms)
  })
  try {
    return await Promise.race([run().then(() => true), late])
  } finally {
    clearTimeout(timer)
  }
}

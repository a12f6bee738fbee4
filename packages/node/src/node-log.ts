/** What a node does, as lines of a log. Others decide how often something is to be told, so such lines have a bound. */
import { type Scheduler, TokenBucket } from '@joinery/sync'
import type { Output } from '@joinery/sync/replication'
import type { Logger } from 'pino'
import { type NodeLimits, nodeLimits } from './limits.ts'
import type { NodeObserver } from './observer.ts'

export interface NodeLogOptions {
  readonly logger: Logger
  readonly scheduler: Pick<Scheduler, 'nowMs'>
  readonly limits?: Partial<NodeLimits>
}

type Level = 'info' | 'warn' | 'error'

/** An observer that writes to a log. Names of nodes and documents, codes and counts; nothing of what users wrote. */
export function nodeLog({ logger, scheduler, limits }: NodeLogOptions): NodeObserver {
  const { logLinesPerSecondMax, logLinesBurstMax } = { ...nodeLimits, ...limits }
  const bucket = new TokenBucket(logLinesPerSecondMax, logLinesBurstMax, scheduler.nowMs())
  let leftOut = 0
  const say = (level: Level, members: object, message: string): void => {
    if (bucket.take(scheduler.nowMs()) > 0) {
      leftOut += 1
      return
    }
    logger[level](leftOut === 0 ? members : { ...members, leftOut }, message)
    leftOut = 0
  }
  return {
    connected: ({ node, region, address }) => say('info', { peer: node, region, address }, 'connected'),
    disconnected: (node) => say('info', { peer: node }, 'disconnected'),
    refused: (code, { node, remote, detail }) => say('warn', { code, peer: node, remote, detail }, 'no connection'),
    storeFailed: (error) => say('error', { code: (error as { code?: unknown }).code }, 'the store failed'),
    output: (output) => sayOutput(output, say),
  }
}

function sayOutput(output: Output, say: (level: Level, members: object, message: string) => void): void {
  switch (output.type) {
    case 'member':
      say('info', { peer: output.node, state: output.state, address: output.address }, 'news of a member')
      break
    case 'forked':
      say(
        'warn',
        {
          document: output.life.document,
          actor: output.actor,
          peer: output.from,
          isProven: output.proof !== undefined,
        },
        'two histories of one actor',
      )
      break
    case 'renewed':
      say(
        'warn',
        { document: output.life.document },
        'others know more of this node than it does: it writes on as another actor',
      )
      break
    case 'diverged':
      say('error', { document: output.life.document }, 'a peer has another state of the same version')
      break
    case 'repaired':
      say('info', { document: output.life.document }, 'a damaged document was fetched from peers')
      break
    case 'peer-refused':
      say('warn', { peer: output.from, code: output.code }, 'a peer sent what cannot be taken')
      break
    default:
  }
}

/** Several observers as one. */
export function observers(all: readonly NodeObserver[]): NodeObserver {
  return {
    connected: (peer) => each((one) => one.connected?.(peer)),
    disconnected: (node) => each((one) => one.disconnected?.(node)),
    refused: (code, who) => each((one) => one.refused?.(code, who)),
    output: (output) => each((one) => one.output?.(output)),
    stored: (seconds) => each((one) => one.stored?.(seconds)),
    storeFailed: (error) => each((one) => one.storeFailed?.(error)),
  }
  function each(tell: (one: NodeObserver) => void): void {
    for (const one of all) tell(one)
  }
}

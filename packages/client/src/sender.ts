/**
 * Sends the line, one request at a time, until it is empty; waits longer and longer while the server cannot be reached.
 *
 * Whether a request was sent before matters in one place: a key that the server calls stale was perhaps used by this very
 * request, whose answer was lost, so only a request that certainly was not sent is given another number.
 */
import { ClientError, type Problem } from './errors.ts'
import { readOpsAnswer, readReset, readServerTime, readState, readValue } from './http/answers.ts'
import { backoffMs } from './http/backoff.ts'
import { Refusal, Unavailable } from './http/failure.ts'
import type { Transport } from './http/transport.ts'
import type { Outbox } from './outbox/outbox.ts'
import type { Seal } from './outbox/records.ts'
import { nextSeal } from './outbox/seal.ts'
import {
  type Accepted,
  accept,
  RESETS,
  refuseSealed,
  refuseUncertain,
  renumber,
  restamp,
  sealedEntries,
  setAside,
  startOver,
  unresolvedProblem,
} from './outbox/settle.ts'
import type { DocumentValue } from './types.ts'
import { isSequenceType } from './view/sequence.ts'

export interface SenderOptions {
  readonly outbox: Outbox
  readonly transport: Transport
  /** Told after every request whether the server answered. */
  readonly contact: (online: boolean, error: ClientError | undefined) => void
}

export interface Sender {
  /** Begins to send soon, unless a wait for the server is under way. */
  wake(): void
  /** Sends now. Resolves when the line is empty or an attempt has failed. */
  flush(): Promise<void>
  close(): Promise<void>
}

export function createSender(options: SenderOptions): Sender {
  const { outbox } = options
  let running: Promise<void> | undefined
  let cancelWait: (() => void) | undefined
  let failures = 0
  let closed = false
  // What was sealed by an earlier process was perhaps sent by it.
  const sent = { seal: outbox.seal }

  const run = async (): Promise<void> => {
    try {
      while (!closed && (await step(options, sent))) failures = 0
    } catch (error) {
      if (closed) return
      failures += 1
      const reason = error instanceof Unavailable ? error.reason : asClientError(error)
      options.contact(error instanceof Unavailable && error.answered, reason)
      if (reason.code === 'CLIENT_QUEUE_IO') return
      wait(backoffMs(failures, error instanceof Unavailable ? error.retryAfterMs : undefined, outbox))
    }
  }

  const wait = (ms: number): void => {
    cancelWait = outbox.host.setTimer(ms, () => {
      cancelWait = undefined
      void begin()
    })
  }

  const begin = (): Promise<void> => {
    cancelWait?.()
    cancelWait = undefined
    running ??= run().finally(() => {
      running = undefined
    })
    return running
  }

  return {
    wake() {
      if (!closed && cancelWait === undefined) void begin()
    },
    async flush() {
      // What runs already may have begun before the caller's last push; it takes that along, or the next run does.
      await running
      if (!closed && cancelWait === undefined && (outbox.line.length > 0 || outbox.seal !== undefined)) await begin()
      else if (!closed && cancelWait !== undefined) await begin()
    },
    async close() {
      closed = true
      cancelWait?.()
      cancelWait = undefined
      await running
    },
  }
}

/** Sends one request. Answers false when there is none. Throws `Unavailable`, and `ClientError` of the queue. */
async function step(options: SenderOptions, sent: { seal: Seal | undefined }): Promise<boolean> {
  const { outbox } = options
  const seal = outbox.seal ?? (await makeSeal(outbox))
  if (seal === undefined) return outbox.line.length > 0
  const isFirst = sent.seal !== seal
  sent.seal = seal
  try {
    accept(outbox, seal, await exchange(options, seal))
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    await refused(options, { seal, problem: error.problem, isFirst })
  }
  options.contact(true, undefined)
  await outbox.commit()
  return true
}

async function makeSeal(outbox: Outbox): Promise<Seal | undefined> {
  const next = nextSeal(outbox)
  if (next === undefined) return undefined
  if ('unresolved' in next) {
    setAside(outbox, next.unresolved, unresolvedProblem())
    await outbox.commit()
    return undefined
  }
  outbox.seal = next
  await outbox.commit()
  return next
}

async function exchange({ transport }: SenderOptions, seal: Seal): Promise<Accepted> {
  const json = await transport.send(seal.request)
  switch (seal.request.method) {
    case 'DELETE':
      return { state: readState(json), value: undefined, ids: undefined }
    case 'PUT': {
      const { value, ...state } = readValue(json)
      // The answer to a PUT shows no ids, and requests that wait may name elements of it.
      const now = isSequenceType(state.type) ? await fetchValue(transport, seal.id) : undefined
      if (now?.version === state.version) return { state, value, ids: now.ids }
      return { state, value, ids: undefined, later: now }
    }
    default: {
      const { snapshot, ids, ops: _, ...state } = readOpsAnswer(json)
      return { state, value: snapshot, ids }
    }
  }
}

/** The document now; undefined when it is gone again. */
async function fetchValue(transport: Transport, id: string): Promise<DocumentValue | undefined> {
  try {
    return readValue(await transport.send({ method: 'GET', path: `/docs/${encodeURIComponent(id)}?ids=true` }))
  } catch (error) {
    if (error instanceof Refusal) return undefined
    throw error
  }
}

interface Refused {
  readonly seal: Seal
  readonly problem: Problem
  /** This process made the request and has not sent it before. */
  readonly isFirst: boolean
}

async function refused({ outbox, transport }: SenderOptions, { seal, problem, isFirst }: Refused): Promise<void> {
  if (RESETS.has(problem.code)) {
    const [entry] = sealedEntries(outbox, seal)
    const reset = entry?.kind === 'ops' ? readReset({ ...problem }, entry.type) : undefined
    const now = reset ?? (await fetchValue(transport, seal.id))
    if (now === undefined) refuseSealed(outbox, seal, problem)
    else startOver(outbox, seal, problem, await withIds(transport, now))
    return
  }
  if (problem.code === 'CLOCK_SKEW') {
    const serverMs = readServerTime({ ...problem })
    if (serverMs !== undefined && restamp(outbox, seal, serverMs)) return
  }
  // Another body under our key, or a later key before our first attempt: somebody else uses this node's numbers, and what is
  // sealed here was never applied.
  if (problem.code === 'IDEMPOTENCY_MISMATCH' || (problem.code === 'IDEMPOTENCY_STALE' && isFirst)) {
    const highest = typeof problem.highest === 'number' ? problem.highest : outbox.host.nowMs()
    renumber(outbox, highest)
    return
  }
  if (problem.code === 'IDEMPOTENCY_STALE') refuseUncertain(outbox, seal, problem)
  else refuseSealed(outbox, seal, problem)
}

async function withIds(transport: Transport, now: DocumentValue): Promise<DocumentValue> {
  if (!isSequenceType(now.type) || now.ids !== undefined) return now
  return (await fetchValue(transport, now.id)) ?? now
}

function asClientError(error: unknown): ClientError {
  if (error instanceof ClientError) return error
  return new ClientError('CLIENT_OFFLINE', error instanceof Error ? error.message : String(error), { cause: error })
}

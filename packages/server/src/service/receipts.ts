/**
 * Answers that were given, so that a retry gets them again. A key `NODE:SEQ` with the caller's own node is one of a growing
 * sequence: the highest of each node is remembered for ever. Any other key is remembered for a day.
 */
import type { Receipt, Store } from '@joinery/sync'
import { ServerError } from '../errors.ts'
import type { Caller, Idempotency } from './types.ts'

const SEQUENCE = 'sequence'
const OPAQUE = 'key'

interface Slot {
  readonly scope: string
  readonly key: string
  /** Place in the node's sequence; absent for an opaque key. */
  readonly sequence?: number
}

/** What is kept of an answer. */
interface Kept {
  readonly sequence?: number
  readonly answer: unknown
}

function slotOf({ node }: Caller, { key }: Idempotency): Slot {
  const split = key.lastIndexOf(':')
  const sequence = key.slice(split + 1)
  if (key.slice(0, split) === node && /^\d{1,15}$/.test(sequence)) {
    return { scope: SEQUENCE, key: node, sequence: Number(sequence) }
  }
  return { scope: OPAQUE, key }
}

/** The name of the line in which requests with this key wait for each other. */
export function receiptLine(caller: Caller, idempotency: Idempotency): string {
  const { scope, key } = slotOf(caller, idempotency)
  return JSON.stringify(['receipt', caller.tenant, scope, key])
}

/** The answer given before; undefined for a new request. Throws `IDEMPOTENCY_STALE`, `IDEMPOTENCY_MISMATCH`. */
export async function answered(
  store: Store,
  caller: Caller,
  idempotency: Idempotency,
  nowMs: number,
): Promise<{ readonly answer: unknown } | undefined> {
  const slot = slotOf(caller, idempotency)
  const receipt = await store.receipt(caller.tenant, slot.scope, slot.key)
  if (receipt === undefined || (receipt.expiresAtMs !== undefined && receipt.expiresAtMs <= nowMs)) return undefined
  const kept = JSON.parse(receipt.answer) as Kept
  if (slot.sequence !== undefined && kept.sequence !== undefined) {
    if (slot.sequence > kept.sequence) return undefined
    if (slot.sequence < kept.sequence) {
      throw new ServerError('IDEMPOTENCY_STALE', `request ${kept.sequence} of this node was answered already`, {
        extra: { highest: kept.sequence },
      })
    }
  }
  if (receipt.requestHash !== idempotency.bodyHash) {
    throw new ServerError('IDEMPOTENCY_MISMATCH', 'this key came with another request before')
  }
  return { answer: kept.answer }
}

/** The receipt to be stored along with what the request did. */
export function receiptFor(
  caller: Caller,
  idempotency: Idempotency,
  answer: unknown,
  expiry: { readonly nowMs: number; readonly receiptMsMax: number },
): Receipt {
  const { scope, key, sequence } = slotOf(caller, idempotency)
  const kept: Kept = { answer, ...(sequence === undefined ? {} : { sequence }) }
  return {
    tenant: caller.tenant,
    scope,
    key,
    requestHash: idempotency.bodyHash,
    answer: JSON.stringify(kept),
    ...(sequence === undefined ? { expiresAtMs: expiry.nowMs + expiry.receiptMsMax } : {}),
  }
}

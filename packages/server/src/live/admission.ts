/**
 * Admission: limits, permissions, schema and drift are checked once, where a change first becomes durable for others. After it
 * nobody refuses the change.
 */
import {
  type Change,
  type ChangeHeader,
  CoreError,
  changedFields,
  type Doc,
  openChange,
  replicaOf,
  specOf,
} from '@joinery/core'
import { type Principal, ROOT_FIELD, SessionRefusal } from '@joinery/sync'
import type { DocumentType } from '../service/types.ts'

export interface AdmissionRules {
  readonly principal: Principal
  readonly type: DocumentType
  readonly nowMs: number
  readonly driftMsMax: number
  /** What the policy has against this change. */
  readonly denied?: SessionRefusal | undefined
}

/**
 * Applies a change to a document if it may be. Answers its header; undefined for one that was known. Throws `SessionRefusal`, and then nothing
 * has changed.
 */
export function admit(doc: Doc, bytes: Uint8Array, rules: AdmissionRules): ChangeHeader | undefined {
  try {
    const change = openChange(bytes)
    const { header } = change
    if (header.incarnation !== doc.incarnation) otherLife()
    if (replicaOf(header.actor) !== rules.principal.node) {
      throw new SessionRefusal('permission_denied', 'a change is sent by the node that made it')
    }
    if (header.first + header.length - 1 <= doc.known(header.actor)) {
      doc.apply(bytes)
      return undefined
    }
    // Not before: what was admitted once nobody refuses.
    if (rules.denied !== undefined) throw rules.denied
    checkDependencies(doc, header)
    const timeMaxMicros = (rules.nowMs + rules.driftMsMax) * 1000
    if (header.timeMicros > timeMaxMicros) tooFarAhead(rules)
    checkFields(change, rules.type)
    return doc.apply(bytes, { timeMaxMicros }).changed ? header : undefined
  } catch (error) {
    if (error instanceof CoreError && error.code === 'CORE_TIME_AHEAD') tooFarAhead(rules)
    throw error instanceof CoreError ? refusalOf(error) : error
  }
}

/** So that nothing waits inside the document: the sender has what is missing and sends in order. */
function checkDependencies(doc: Doc, header: ChangeHeader): void {
  const gap = header.first > doc.known(header.actor) + 1
  if (gap || header.deps.some(({ actor, counter }) => doc.known(actor) < counter)) {
    throw new SessionRefusal('missing_dependencies', 'the change follows others that were not sent')
  }
}

/** A document of one type has one root field, which has that type. */
function checkFields(change: Change, type: DocumentType): void {
  if (type === 'doc') return
  const { tag } = specOf(type)
  for (const field of changedFields(change)) {
    if (field.name !== ROOT_FIELD || field.tag !== tag) {
      throw new SessionRefusal('schema_mismatch', `a document of type "${type}" has one root field of that type`)
    }
  }
}

function tooFarAhead({ driftMsMax }: AdmissionRules): never {
  throw new SessionRefusal('clock_skew', `a change is more than ${driftMsMax} ms ahead of this server`)
}

function otherLife(): never {
  throw new SessionRefusal('incarnation_mismatch', 'the change belongs to another life of the document')
}

function refusalOf(error: CoreError): SessionRefusal {
  const options = { cause: error }
  switch (error.code) {
    case 'CORE_ACTOR_FORKED':
    case 'CORE_ACTOR_REUSED':
      return new SessionRefusal('forked', error.message, options)
    case 'CORE_LIMIT_EXCEEDED':
      return new SessionRefusal('payload_too_large', error.message, options)
    case 'CORE_INCARNATION_MISMATCH':
      return new SessionRefusal('incarnation_mismatch', error.message, options)
    default:
      return new SessionRefusal('malformed', error.message, options)
  }
}

/** What a policy is asked, made from what callers ask. */
import { type Change, CoreError, changedFields, openChange } from '@joinery/core'
import { type Principal, ROOT_FIELD } from '@joinery/sync'
import type { Caller, DocumentType, OpsRequest, PutRequest } from '../service/types.ts'
import type { PolicyDoor, PolicyRequest } from './policy.ts'

export function reading(principal: Caller, document: string, door: PolicyDoor): PolicyRequest {
  return { action: 'read', principal, document, door }
}

export function putting(principal: Caller, document: string, { type, value }: PutRequest): PolicyRequest {
  return { action: 'write', principal, document, door: 'http', change: { by: 'value', type, value }, fields: 'all' }
}

export function operating(principal: Caller, document: string, { type, ops }: OpsRequest): PolicyRequest {
  const change = { by: 'operations', type, operations: ops } as const
  return { action: 'write', principal, document, door: 'http', change, fields: fieldsOf(type, ops) }
}

/** An operation that says nothing of where it goes is refused later; until then it might go anywhere. */
function fieldsOf(type: DocumentType, ops: OpsRequest['ops']): readonly string[] | 'all' {
  if (type !== 'doc') return [ROOT_FIELD]
  const fields = new Set<string>()
  for (const { path } of ops) {
    const [field] = Array.isArray(path) ? path : []
    if (typeof field !== 'string') return 'all'
    fields.add(field)
  }
  return [...fields]
}

/** Of a change that came over a session; undefined for bytes that are none, which admission refuses. */
export function changing(
  principal: Principal,
  document: string,
  { type, bytes }: { readonly type: DocumentType; readonly bytes: Uint8Array },
): PolicyRequest | undefined {
  try {
    const change: Change = openChange(bytes)
    const { header } = change
    const fields = changedFields(change).map(({ name }) => name)
    return {
      action: 'write',
      principal,
      document,
      door: 'session',
      change: { by: 'change', type, header, bytes },
      fields,
    }
  } catch (error) {
    if (error instanceof CoreError) return undefined
    throw error
  }
}

/**
 * Who may do what, as the host decides. A policy is asked before anything is read, listed, followed, written or deleted, whichever
 * door the request came through; without one everything is allowed within the tenant.
 */
import type { ChangeHeader, JsonValue } from '@joinery/core'
import type { Caller, DocumentType, Operation } from '../service/types.ts'

/** How a request came: one over HTTP that is answered once, a stream of events over HTTP, or a live session. */
export type PolicyDoor = 'http' | 'stream' | 'session'

/** What would be written. */
export type PolicyChange =
  /** `PUT`: whatever the document held is replaced. */
  | { readonly by: 'value'; readonly type: DocumentType; readonly value: JsonValue }
  /** `POST …/ops`: all of them are stored, or none. */
  | { readonly by: 'operations'; readonly type: DocumentType; readonly operations: readonly Operation[] }
  /** A change of a live session, as its author made it; `@joinery/core` reads its bytes. */
  | { readonly by: 'change'; readonly type: DocumentType; readonly header: ChangeHeader; readonly bytes: Uint8Array }

interface OfDocument {
  readonly principal: Caller
  /** Id of the document, which need not exist. */
  readonly document: string
  readonly door: PolicyDoor
}

export type PolicyRequest =
  /** Its value, its log, and what changes in it from now on; over a session also who else is there. */
  | (OfDocument & { readonly action: 'read' })
  | (OfDocument & {
      readonly action: 'write'
      readonly change: PolicyChange
      /** Root fields that would change, by name; `all` where everything is replaced. A document of one type has one, `value`. */
      readonly fields: readonly string[] | 'all'
    })
  | (OfDocument & { readonly action: 'delete' })
  /** Ids of documents. Each that would be shown is asked for with `read` as well. */
  | { readonly action: 'list'; readonly principal: Caller; readonly prefix: string | undefined }
  /** The log of the tenant. Each document that would be shown is asked for with `read` as well. */
  | { readonly action: 'log'; readonly principal: Caller }

/** `true` allows. A text refuses, and is what the caller is told. Nothing else allows. */
export type PolicyVerdict = true | string

/**
 * Decides about a request, at once or later. A policy that throws, rejects or takes longer than `policyMsMax` refuses for now. It is
 * asked about a document once per request or subscription and once per change, and again by `JoineryServer.review`.
 */
export type Policy = (request: PolicyRequest) => PolicyVerdict | Promise<PolicyVerdict>

/** Why an operation was refused. The same codes as over HTTP, where a host maps them to statuses. */
import type { JsonValue } from '@joinery/core'

export type OperationErrorCode =
  /** No such type. */
  | 'TYPE_UNKNOWN'
  /** Not an operation of this type, or a member of the wrong kind. */
  | 'OP_INVALID'
  /** A position or element id outside of the sequence. */
  | 'POSITION_INVALID'
  /** A value that cannot be replicated. */
  | 'VALUE_INVALID'
  /** The type has no operations that lead to this value. */
  | 'VALUE_UNREACHABLE'
  /** Not possible in this state, such as taking more than the rights held. */
  | 'PRECONDITION_FAILED'
  /** A timestamp too far ahead of the admitting side's clock. */
  | 'CLOCK_SKEW'
  /** The history that an index refers to is no longer kept. */
  | 'SINCE_COMPACTED'
  /** A limit of core. */
  | 'LIMIT_EXCEEDED'

export class OperationError extends Error {
  override readonly name = 'OperationError'
  readonly code: OperationErrorCode
  /** Further members of the refusal, such as the admitting side's time. */
  readonly extra: Readonly<Record<string, JsonValue>>

  constructor(
    code: OperationErrorCode,
    message: string,
    options: { readonly cause?: unknown; readonly extra?: Readonly<Record<string, JsonValue>> } = {},
  ) {
    super(message, { cause: options.cause })
    this.code = code
    this.extra = options.extra ?? {}
  }
}

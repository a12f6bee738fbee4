/** Stable codes of what core refuses. The table with advice per code is in `docs/ERRORS.md`. */
export type CoreErrorCode =
  /** Bytes end before what they announce. Fetch them again: they were cut on their way. */
  | 'CORE_DECODE_TRUNCATED'
  /** Bytes that no encoder writes: wrong order, wrong range, not minimal, unknown reference. Set them aside and report. */
  | 'CORE_DECODE_INVALID'
  /** Written by a newer format, or of a type this build does not know. Keep the bytes, update, and try again. */
  | 'CORE_FORMAT_UNSUPPORTED'
  /** A value that cannot be replicated: not JSON, not finite, a lone surrogate, too deep. Correct the value. */
  | 'CORE_VALUE_INVALID'
  /** A named limit would be passed by local growth. Split what is written; `docs/LIMITS.md` has the limits. */
  | 'CORE_LIMIT_EXCEEDED'
  /** A counter whose total no longer fits a safe integer. Read it as bigint. */
  | 'CORE_VALUE_UNSAFE'
  /** A position outside the sequence, or inside a surrogate pair; an id not known here. Read the sequence again. */
  | 'CORE_POSITION_INVALID'
  /** The operation is not possible in this state, such as spending more than the rights held. Read, then decide again. */
  | 'CORE_PRECONDITION_FAILED'
  /** A document's field is mutated outside `change`, or asked for what only its document can give. Correct the program. */
  | 'CORE_NOT_IN_CHANGE'
  /** A type below a removable key that cannot be reset, or a schema that contradicts itself. Correct the schema. */
  | 'CORE_SCHEMA_INVALID'
  /** A replica id, actor id or incarnation that is empty, too long or malformed. Choose another. */
  | 'CORE_ID_INVALID'
  /** Others know more of this actor than it knows of itself: its state was lost. Continue under a new actor. */
  | 'CORE_ACTOR_REUSED'
  /** Two histories under one actor: a clone or a restored copy wrote under it. One of them continues under a new actor. */
  | 'CORE_ACTOR_FORKED'
  /** The bytes belong to another incarnation of the document. Apply them to that one. */
  | 'CORE_INCARNATION_MISMATCH'
  /** More early changes than the causal buffer holds. Ask for what is `missing()`, then send again. */
  | 'CORE_BUFFER_FULL'
  /** A time is later than whoever applies this believes. Correct the clock, and make the change again. */
  | 'CORE_TIME_AHEAD'

/** What core throws. `code` is stable, the message is for people. */
export class CoreError extends Error {
  override readonly name = 'CoreError'
  readonly code: CoreErrorCode

  constructor(code: CoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** Throws unless `held`. The message is only built where it is thrown. */
export function refuse(code: CoreErrorCode, message: string): never {
  throw new CoreError(code, message)
}

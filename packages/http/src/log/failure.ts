/** A failure as the log shows it: what kind, where, and why, without anything of what users wrote. */

export interface FailureShown {
  readonly type: string
  readonly code?: string
  /** Only where the failure has a code: what others say may quote what they were given, as a parser does. */
  readonly message?: string
  /** Where it came from. */
  readonly at?: readonly string[]
  readonly cause?: FailureShown
}

const CAUSES_MAX = 4
const FRAMES_MAX = 12
const MESSAGE_UNITS_MAX = 300
const codeShape = /^[A-Z0-9_]{1,60}$/
const frameShape = /^\s+at /

/**
 * For a member called anything but `err`: loggers have a way of their own with that. Members of errors beside these, such as the row that a
 * database quotes, stay out.
 */
export function shownFailure(thrown: unknown, causes: number = CAUSES_MAX): FailureShown {
  if (!(thrown instanceof Error)) return { type: typeof thrown }
  const { name, message, stack, cause } = thrown
  const code = (thrown as { readonly code?: unknown }).code
  const hasCode = typeof code === 'string' && codeShape.test(code)
  // The stack begins with the message, whose lines are none of it.
  const below = stack?.slice(message === '' ? 0 : stack.indexOf(message) + message.length)
  const frames = below?.split('\n').filter((line) => frameShape.test(line)) ?? []
  return {
    type: name,
    ...(hasCode && { code, message: message.slice(0, MESSAGE_UNITS_MAX) }),
    ...(frames.length > 0 && { at: frames.slice(0, FRAMES_MAX).map((frame) => frame.trim()) }),
    ...(cause !== undefined && causes > 0 && { cause: shownFailure(cause, causes - 1) }),
  }
}

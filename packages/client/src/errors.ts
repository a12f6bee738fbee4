/** What the client throws or reports: stable codes in one table, the server's own problem document kept beside them. */
import type { JsonValue } from '@joinery/core'

/** A refusal of the server as it sent it (RFC 9457). `code` is one of those in `docs/HTTP-API.md`. */
export interface Problem {
  readonly code: string
  readonly status: number
  readonly title?: string
  readonly detail?: string
  readonly advice?: string
  readonly [extra: string]: JsonValue | undefined
}

const table = {
  CLIENT_ARGUMENT: 'An argument or option is malformed; nothing was queued.',
  CLIENT_OP_INVALID: 'An operation does not fit its type; nothing was queued.',
  CLIENT_QUEUE_FULL: 'The queue is at its bound: sync, or settle refused requests, then push again.',
  CLIENT_QUEUE_LOCKED: 'Another client has this queue open: one process per queue.',
  CLIENT_QUEUE_FOREIGN: 'The queue belongs to another node, tenant or kind of file: open the one of this node.',
  CLIENT_QUEUE_CORRUPT: 'The queue is damaged other than by a crash: restore it or move it away.',
  CLIENT_QUEUE_IO: 'The queue could not be written or read: free the medium, then open the client again.',
  CLIENT_OFFLINE: 'The server cannot be reached; what was pushed is kept and sent later.',
  CLIENT_BAD_ANSWER: 'Something that is not a Joinery server answered: check the url and what lies between.',
  CLIENT_REFUSED: 'The server refused the request: see `problem`.',
  CLIENT_UNRESOLVED: 'The request names an element whose insertion never reached the server.',
  CLIENT_NOT_REFUSED: 'There is no refused request with this handle.',
  CLIENT_CLOSED: 'The client was closed.',
  CLIENT_NOT_READY: 'The document is not loaded yet: wait for `ready`.',
  CLIENT_STORAGE: 'What is kept on this device could not be written or read: free the disk, or see the cause.',
  CLIENT_STORAGE_FULL: 'There is no room left on this device: free some; what was changed is written and sent then.',
  CLIENT_STORAGE_LOCKED: 'Another tab or process has the storage open: close it, or use that one.',
  CLIENT_STORAGE_DAMAGED:
    'What is kept on this device was damaged: forget the document, or the storage, and begin from the server.',
  CLIENT_STORAGE_FOREIGN: 'The storage belongs to another node: each device has its own.',
  CLIENT_DOCUMENT_OPEN: 'The document is open, here or in another tab: close it first.',
  CLIENT_UNSENT: 'Edits of the document are not at the server: wait for them, or say that they may be dropped.',
  CLIENT_UNAUTHENTICATED: 'The server does not take the key: hand in another, as a function where it expires.',
} as const

/** Stable codes of the client. */
export type ClientErrorCode = keyof typeof table

/** A refusal or failure. `problem` is there when the server said something. */
export class ClientError extends Error {
  override readonly name = 'ClientError'
  readonly code: ClientErrorCode
  readonly problem: Problem | undefined

  constructor(
    code: ClientErrorCode,
    message: string,
    options: { readonly cause?: unknown; readonly problem?: Problem } = {},
  ) {
    super(message, { cause: options.cause })
    this.code = code
    this.problem = options.problem
  }

  /** What to do, in one sentence. */
  get advice(): string {
    return this.problem?.advice ?? table[this.code]
  }
}

/** All codes with their advice, for the documentation and its test. */
export function clientErrorTable(): Readonly<Record<ClientErrorCode, string>> {
  return table
}

/** Throws a refusal. */
export function refuse(code: ClientErrorCode, message: string): never {
  throw new ClientError(code, message)
}

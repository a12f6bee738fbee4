/** What the parts of the HTTP layer share: what a request carries along, and how busy the host is. */
import type { IncomingMessage } from 'node:http'

export interface RequestState {
  readonly requestId: string
  /** Ids and names for the log, once known. */
  about: Readonly<Record<string, string | undefined>>
  /** Code of the refusal, if it was one. */
  code?: string
}

export interface HttpEnv {
  Variables: { state: RequestState }
  Bindings: { incoming?: IncomingMessage }
}

/** How busy the app is, and whether it is on its way out. */
export interface Load {
  readonly active: number
  readonly draining: boolean
  drain(): void
  /** Aborted when the host is on its way out: what waits for news answers, and streams end. */
  readonly leaving: AbortSignal
  /** Callers that wait for news, or are told of it as it comes. */
  readonly streams: number
  /** Counts a request of a tenant. Throws `OVERLOADED`, `RATE_LIMITED`. */
  enter(tenant: string): Visit
  /** Resolves when no request is being answered. */
  idle(): Promise<void>
}

/** A request of a tenant while it is being answered. */
export interface Visit {
  /** The request is answered, or what is left of it is a stream. */
  leave(): void
  /** Counts a stream until what it answers is called. Throws `OVERLOADED`, `RATE_LIMITED`. */
  stay(): () => void
  /** Waits without counting as busy, as for news. Throws `OVERLOADED`, `RATE_LIMITED`. */
  aside<A>(task: () => Promise<A>): Promise<A>
}

/** Who may call. */
export interface KeyCheck {
  /** True once there are keys: then every request of the API needs one. */
  required(): boolean
  isValid(key: string | undefined): boolean
}

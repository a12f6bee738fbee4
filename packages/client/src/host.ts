/** The platform as arguments. This file is the only one of the main entry that touches it. */

/** The part of `fetch` that the client calls; any function with it will do. */
export type Fetch = (
  url: string,
  init: {
    readonly method: string
    readonly headers: Record<string, string>
    readonly body?: string
    readonly signal: AbortSignal
  },
) => Promise<FetchAnswer>

export interface FetchAnswer {
  readonly status: number
  readonly headers: { get(name: string): string | null }
  text(): Promise<string>
}

/** Clock, timers and randomness. */
export interface Host {
  /** Wall clock, milliseconds since 1970. */
  nowMs(): number
  /** At least 0 and less than 1. */
  random(): number
  /** Calls back once; answers what cancels it. */
  setTimer(delayMs: number, run: () => void): () => void
}

/** The real clock, timers and randomness. */
export const systemHost: Host = {
  nowMs: () => Date.now(),
  random: () => Math.random(),
  setTimer(delayMs, run) {
    const timer = setTimeout(run, delayMs)
    return () => clearTimeout(timer)
  },
}

/** The platform's `fetch`. */
export const systemFetch: Fetch = (url, init) => fetch(url, init)

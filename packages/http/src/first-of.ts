/** A signal that is aborted by the first of several, and lets go of them all. */
export interface FirstOf {
  readonly signal: AbortSignal
  release(): void
}

/** Not `AbortSignal.any`: some of the signals live as long as the server, and would remember every request. */
export function firstOf(signals: readonly AbortSignal[]): FirstOf {
  const controller = new AbortController()
  const abort = (): void => controller.abort()
  for (const signal of signals) signal.addEventListener('abort', abort)
  if (signals.some(({ aborted }) => aborted)) abort()
  return {
    signal: controller.signal,
    release() {
      for (const signal of signals) signal.removeEventListener('abort', abort)
    },
  }
}

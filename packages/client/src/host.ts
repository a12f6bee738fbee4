/** The platform as arguments. This file is the only one of the main entry that touches it. */
import { type Actor, actorId, HybridClock, replicaId } from '@joinery/core'
import { randomEpoch } from '@joinery/core/system'

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

/** 96 bits from the platform's secure generator, as text: never from a seed, since two devices must not draw the same. */
export function randomName(): string {
  return Array.from(randomEpoch(), (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** A new actor of a replica, with a clock that is told the time by `wallMs`. */
export function drawActor(node: string, wallMs: () => number): Actor {
  return { id: actorId(replicaId(node), randomEpoch()), clock: new HybridClock(wallMs) }
}

/** Calls back when the platform has a network again; answers what ends it. */
export function onNetwork(listener: () => void): () => void {
  const { addEventListener: add, removeEventListener: remove } = globalThis as Partial<EventSource>
  add?.('online', listener)
  return () => remove?.('online', listener)
}

/** Calls back when the page may be about to end; answers what ends it. */
export function onHide(listener: () => void): () => void {
  const { addEventListener: add, removeEventListener: remove } = globalThis as Partial<EventSource>
  add?.('pagehide', listener)
  return () => remove?.('pagehide', listener)
}

interface EventSource {
  addEventListener(type: 'online' | 'pagehide', listener: () => void): void
  removeEventListener(type: 'online' | 'pagehide', listener: () => void): void
}

/** The platform's `fetch`. */
export const systemFetch: Fetch = (url, init) => fetch(url, init)

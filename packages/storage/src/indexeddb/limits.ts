import { defaultQueueLimits, type QueueLimits } from '../common/limits.ts'

/** Bounds of an IndexedDB store: those of its queue, and how long a tab that has gone keeps others out. */
export interface IndexedDbLimits extends QueueLimits {
  /**
   * Milliseconds between the beginnings of two flushes, as of every store. Default 0, at once: browsers let a timer of a hidden tab
   * wait for a second or a minute, and a write with it.
   */
  readonly gatherMsMax: number
  /**
   * Where the platform has no Web Locks: for how long an owner that says nothing more is taken to be alive. A shorter lease lets
   * the next tab in sooner after a crash; a longer one keeps a tab whose timers the browser slows down from losing its place.
   * Default 30 s: a hidden tab, woken once a minute, gives way to a visible one.
   */
  readonly leaseMs: number
}

export const defaultIndexedDbLimits: IndexedDbLimits = {
  ...defaultQueueLimits,
  gatherMsMax: 0,
  leaseMs: 30_000,
}

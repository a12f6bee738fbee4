/** Time as Node has it. What waits does not keep a process alive. */
import type { Scheduler } from '@joinery/sync'

export function nodeScheduler(nowMs: () => number): Scheduler {
  return {
    nowMs,
    after(ms, task) {
      const timer = setTimeout(task, ms).unref()
      return () => clearTimeout(timer)
    },
    // Behind the events of this turn, so that what they bring is handled together.
    soon: (task) => void setImmediate(task),
  }
}

/** Time as Node has it. What waits does not keep a process alive. */
import type { Scheduler } from '@joinery/sync'

export function nodeScheduler(nowMs: () => number): Scheduler {
  return {
    nowMs,
    after(ms, task) {
      const timer = setTimeout(task, ms).unref()
      return () => clearTimeout(timer)
    },
    soon: endOfTurn(),
  }
}

/**
 * Runs tasks behind the events of a turn, so that what these bring is handled together. What such tasks put off once more, as an
 * update puts off the sessions that send it, still belongs to the turn; what those put off is for the next one, since events
 * must come in between.
 */
function endOfTurn(): (task: () => void) => void {
  let tasks: (() => void)[] = []
  let scheduled = false

  function run(): void {
    try {
      runDue()
      runDue()
    } finally {
      // Also where one has failed.
      scheduled = tasks.length > 0
      if (scheduled) setImmediate(run)
    }
  }

  function runDue(): void {
    const due = tasks
    tasks = []
    let done = 0
    try {
      for (const task of due) {
        done += 1
        task()
      }
    } finally {
      if (done < due.length) tasks = [...due.slice(done), ...tasks]
    }
  }

  return (task) => {
    tasks.push(task)
    if (scheduled) return
    scheduled = true
    setImmediate(run)
  }
}

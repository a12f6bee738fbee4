/** Tells how far a long command is: a bar on a terminal, a line now and then elsewhere. */
import type { Environment } from '../environment.ts'

export interface Progress {
  /** So many of `total` are done; without a total it is not known how many there are. */
  update(phase: string, done: number, total?: number): void
  /** Ends the bar, so that what is printed next begins on a line of its own. */
  end(): void
}

const BAR_CHARS = 24
/** A terminal is drawn this often, and a file gets a line. */
const TERMINAL_MS = 100
const LINES_MS = 5_000

export function progress({ stderr, nowMs }: Pick<Environment, 'stderr' | 'nowMs'>): Progress {
  const everyMs = stderr.isTTY ? TERMINAL_MS : LINES_MS
  let phase = ''
  let startedMs = 0
  let startedAt = 0
  let shownMs = 0
  let last = ''
  const show = (text: string) => {
    // The rest of a longer line before is blotted out.
    stderr.write(stderr.isTTY ? `\r${text}${' '.repeat(Math.max(0, last.length - text.length))}` : `${text}\n`)
    last = text
  }
  const end = () => {
    if (stderr.isTTY && last !== '') stderr.write('\n')
    last = ''
  }
  return {
    update(now, done, total) {
      const ms = nowMs()
      if (now !== phase) {
        end()
        phase = now
        startedMs = ms
        startedAt = done
        shownMs = ms - everyMs
      }
      if (ms - shownMs < everyMs && done !== total) return
      shownMs = ms
      const perSecond = ((done - startedAt) * 1000) / Math.max(1, ms - startedMs)
      show(
        [
          phase,
          total === undefined ? '' : barOf(done, total, stderr.isTTY),
          countOf(done, total),
          timeOf(done, total, perSecond),
        ]
          .filter((part) => part !== '')
          .join('  '),
      )
    },
    end,
  }
}

function barOf(done: number, total: number, isTTY: boolean): string {
  const share = total === 0 ? 1 : Math.min(1, done / total)
  const percent = `${Math.floor(share * 100)}%`
  if (!isTTY) return percent
  const full = Math.round(share * BAR_CHARS)
  return `[${'#'.repeat(full)}${'-'.repeat(BAR_CHARS - full)}] ${percent.padStart(4)}`
}

function countOf(done: number, total: number | undefined): string {
  return total === undefined ? `${done} documents` : `${done}/${total} documents`
}

function timeOf(done: number, total: number | undefined, perSecond: number): string {
  if (!(perSecond > 0)) return ''
  const speed = `${Math.round(perSecond)}/s`
  if (total === undefined || done >= total) return speed
  const seconds = Math.ceil((total - done) / perSecond)
  return `${speed}  ${Math.floor(seconds / 60)}:${`${seconds % 60}`.padStart(2, '0')} left`
}

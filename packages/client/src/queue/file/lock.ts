/**
 * The lock of a file queue: one living process per directory, without the help of the operating system, which offers Node no
 * lock that ends with its process.
 *
 * Locks are numbered files, `lock.1`, `lock.2`, and so on; the highest says who owns the queue. A lock is taken by creating the next number,
 * which `link` does for one process only and with its content in place, and only when the process named in the highest is
 * gone. The highest file is never deleted: were it, a process that had looked before could take a number that is free again
 * and own the queue beside another.
 */
import { linkSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { refuse } from '../../errors.ts'

/** Attempts to take the next number while others take numbers, too. Each failure means that somebody else went ahead. */
const ATTEMPTS_MAX = 100

interface Holder {
  readonly pid: number
  readonly host: string
  /** When the process began, where the system tells: process ids are used again. */
  readonly began: string
  released: boolean
}

export interface FileLock {
  release(): void
}

/** Locks that this process holds: it must not take its own lock for a living stranger's, or a dead one's. */
const held = new Set<string>()

/** Takes the lock of a directory. Throws `CLIENT_QUEUE_LOCKED` while its owner lives. */
export function lockDirectory(directory: string): FileLock {
  if (held.has(directory)) refuse('CLIENT_QUEUE_LOCKED', `${directory} is open in this process`)
  const me: Holder = { pid: process.pid, host: hostname(), began: beginOf(process.pid), released: false }
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    const last = highest(directory)
    requireGone(directory, last)
    if (!create(directory, last + 1, me)) continue
    if (highest(directory) === last + 1) return taken(directory, last + 1, me)
    rmSync(pathOf(directory, last + 1), { force: true })
  }
  return refuse('CLIENT_QUEUE_LOCKED', `${directory} is taken by others again and again`)
}

function taken(directory: string, number: number, me: Holder): FileLock {
  held.add(directory)
  for (const older of numbers(directory)) if (older < number) rmSync(pathOf(directory, older), { force: true })
  return {
    release() {
      if (me.released) return
      me.released = true
      writeFileSync(pathOf(directory, number), JSON.stringify(me))
      held.delete(directory)
    },
  }
}

function pathOf(directory: string, number: number): string {
  return join(directory, `lock.${number}`)
}

function numbers(directory: string): number[] {
  return readdirSync(directory)
    .filter((name) => /^lock\.\d+$/.test(name))
    .map((name) => Number(name.slice(5)))
}

function highest(directory: string): number {
  return Math.max(0, ...numbers(directory))
}

/** Creates a lock with its content, or answers false when the number is taken. */
function create(directory: string, number: number, me: Holder): boolean {
  const draft = join(directory, `lock-draft.${me.pid}`)
  writeFileSync(draft, JSON.stringify(me), { mode: 0o600 })
  try {
    linkSync(draft, pathOf(directory, number))
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  } finally {
    rmSync(draft, { force: true })
  }
}

function requireGone(directory: string, number: number): void {
  const holder = number === 0 ? undefined : readHolder(pathOf(directory, number))
  if (holder === undefined || holder.released) return
  if (holder.host !== hostname()) {
    refuse(
      'CLIENT_QUEUE_LOCKED',
      `${directory} is open on host "${holder.host}"; if that process is gone, delete ${pathOf(directory, number)}`,
    )
  }
  if (isAlive(holder)) refuse('CLIENT_QUEUE_LOCKED', `${directory} is open in process ${holder.pid}`)
}

/** Undefined for a lock that was replaced meanwhile, or that a crash of the system left unreadable. */
function readHolder(path: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Holder
  } catch {
    return undefined
  }
}

function isAlive({ pid, began }: Holder): boolean {
  try {
    process.kill(pid, 0)
  } catch (error) {
    // EPERM: it lives, under another user.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false
  }
  return began === '' || began === beginOf(pid)
}

/** The 22nd field of `/proc/PID/stat`: clock ticks from boot to the start of the process. Empty where there is none. */
function beginOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''
  } catch {
    return ''
  }
}

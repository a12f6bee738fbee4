/**
 * Looks after open connections, whatever they became: those on which nobody ever says anything, and readers that do not read. What is sent
 * to these waits in this process, answers, streams and sessions alike; each has a bound of its own, and thousands together would still be
 * too much. Beyond a bound for all of it, those who owe most are cut off.
 */
import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import type { HttpLimits } from './limits.ts'

export interface ConnectionsOptions {
  readonly isTls: boolean
  readonly limits: Pick<HttpLimits, 'unreadBytesMax' | 'idleTimeoutMs' | 'headersTimeoutMs'>
  /** Milliseconds. */
  readonly now: () => number
  /** So many readers were cut off. */
  readonly onCutOff: (count: number) => void
}

export interface Connections {
  /** Bytes that wait for their readers, as of the last look. */
  readonly unreadBytes: number
  close(): void
}

/** Often enough that little more than the bound can gather between two looks. */
const LOOK_MS = 250

interface Watched {
  readonly sinceMs: number
  /** What waits. */
  unread: number
  /** What has been taken, and since when that has not become more. */
  taken: number
  takenMs: number
}

export function watchConnections(server: Server, { isTls, limits, now, onCutOff }: ConnectionsOptions): Connections {
  const watched = new Map<Socket, Watched>()
  let total = 0
  server.on(isTls ? 'secureConnection' : 'connection', (socket: Socket) => {
    const nowMs = now()
    watched.set(socket, { sinceMs: nowMs, unread: 0, taken: 0, takenMs: nowMs })
    socket.once('close', () => watched.delete(socket))
  })
  const look = (): void => {
    const nowMs = now()
    total = 0
    let cut = 0
    for (const [socket, about] of watched) {
      update(socket, about, nowMs)
      // Node waits for the rest of a request, and for ever for its beginning.
      if (socket.bytesRead === 0 && nowMs - about.sinceMs > limits.headersTimeoutMs) socket.destroy()
      // A connection that was upgraded has no timeout of Node's any more.
      else if (nowMs - about.takenMs > limits.idleTimeoutMs) {
        socket.destroy()
        cut += 1
      } else total += about.unread
    }
    for (const [socket, { unread }] of total > limits.unreadBytesMax ? worstFirst(watched) : []) {
      if (total <= limits.unreadBytesMax) break
      socket.destroy()
      total -= unread
      cut += 1
    }
    if (cut > 0) onCutOff(cut)
  }
  const timer = setInterval(look, LOOK_MS).unref()
  return {
    get unreadBytes() {
      return total
    },
    close: () => clearInterval(timer),
  }
}

function update(socket: Socket, about: Watched, nowMs: number): void {
  about.unread = socket.writableLength
  if (about.unread === 0) {
    // Nearly all of them, nearly always: what was taken takes longer to tell.
    about.takenMs = nowMs
    return
  }
  const taken = socket.bytesWritten - about.unread
  if (taken !== about.taken) about.takenMs = nowMs
  about.taken = taken
}

function worstFirst(watched: ReadonlyMap<Socket, Watched>): (readonly [Socket, Watched])[] {
  return [...watched].filter(([socket]) => !socket.destroyed).sort(([, a], [, b]) => b.unread - a.unread)
}

import type { Socket } from 'node:net'

/** What comes in on a socket: lines first, and then, where that was agreed, bytes. */
export interface Incoming {
  /** The next line without its end. Throws when it is longer than the bound or the connection ends before it does. */
  line(bytesMax: number): Promise<string>
  /** All that comes after the lines that were read. */
  rest(): AsyncGenerator<Uint8Array, void, undefined>
}

const NEWLINE = 0x0a

export function incoming(socket: Socket): Incoming {
  const chunks = socket.iterator({ destroyOnReturn: false }) as AsyncIterator<Uint8Array>
  let left: Uint8Array | undefined
  /** What has come, or comes next. */
  const next = async (): Promise<Uint8Array | undefined> => {
    const chunk = left
    left = undefined
    if (chunk !== undefined) return chunk
    const read = await chunks.next()
    return read.done ? undefined : read.value
  }
  return {
    async line(bytesMax) {
      const parts: Uint8Array[] = []
      let bytes = 0
      for (;;) {
        const chunk = await next()
        if (chunk === undefined) throw new Error('the line has no end')
        const end = chunk.indexOf(NEWLINE)
        const part = end < 0 ? chunk : chunk.subarray(0, end)
        bytes += part.byteLength
        if (bytes > bytesMax) throw new Error(`more than ${bytesMax} bytes`)
        parts.push(part)
        if (end < 0) continue
        left = chunk.subarray(end + 1)
        return Buffer.concat(parts).toString('utf8')
      }
    },
    async *rest() {
      for (let chunk = await next(); chunk !== undefined; chunk = await next()) if (chunk.byteLength > 0) yield chunk
    },
  }
}

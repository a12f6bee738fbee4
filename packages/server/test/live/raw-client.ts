/** A client that says what it is told to, for tests of what no client of ours would say. */
import { type ClientFrame, decodeServerFrame, encodeFrame, type ServerFrame } from '@joinery/sync'
import { WebSocket } from 'ws'
import { until } from './harness.ts'

export interface RawClient {
  readonly socket: WebSocket
  readonly heard: ServerFrame[]
  /** `X-Request-ID` of the answer that opened it. */
  readonly requestId: string
  /** Bytes of all updates and chunks so far. */
  taken(): number
  /** The code that the connection was closed with; undefined while it is open. */
  closed(): number | undefined
  send(...frames: ClientFrame[]): void
  /** Waits for a frame of a kind, and takes it. */
  next<K extends ServerFrame['kind']>(kind: K): Promise<Extract<ServerFrame, { kind: K }>>
  end(): Promise<number>
}

export const hello = (node: string, tenant = 'acme'): ClientFrame => ({
  kind: 'hello',
  versions: [1, 1],
  features: 0,
  tenant,
  node,
  credential: '',
  agent: 'raw',
})

export const subscribe = (id: string, request = 1): ClientFrame => ({
  kind: 'subscribe',
  request,
  id,
  type: 'doc',
  actor: '',
  window: 1_048_576,
  from: { by: 'nothing' },
  resume: undefined,
})

export async function openRaw(url: string, options: { readonly origin?: string } = {}): Promise<RawClient> {
  const socket = new WebSocket(url, options)
  const heard: ServerFrame[] = []
  let code: number | undefined
  let taken = 0
  socket.on('message', (data: Buffer) => {
    const frame = decodeServerFrame(Uint8Array.from(data))
    heard.push(frame)
    if (frame.kind === 'update' || frame.kind === 'chunk') taken += data.length
  })
  socket.on('close', (closeCode) => {
    code = closeCode
  })
  let requestId = ''
  socket.on('upgrade', (answer) => {
    requestId = `${answer.headers['x-request-id']}`
  })
  await new Promise<void>((resolve, reject) => {
    socket.on('open', () => resolve())
    socket.on('error', reject)
  })
  return {
    socket,
    heard,
    requestId,
    taken: () => taken,
    closed: () => code,
    send: (...frames) => {
      for (const frame of frames) socket.send(encodeFrame(frame))
    },
    async next(kind) {
      const find = (): number => heard.findIndex((frame) => frame.kind === kind)
      await until(() => find() >= 0, kind)
      return heard.splice(find(), 1)[0] as Extract<ServerFrame, { kind: typeof kind }>
    },
    async end() {
      await until(() => code !== undefined, 'closed')
      return code as number
    },
  }
}

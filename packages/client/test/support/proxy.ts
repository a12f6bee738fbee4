/** A TCP proxy before a server, to cut the line, and to lose answers to requests that the server has carried out. */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

export interface CuttableLine {
  readonly url: string
  /** Closes all connections and refuses new ones. */
  cut(): void
  restore(): void
  /** From now on WebSockets do not get through, as at some proxies. */
  blockWebSockets(): void
  /** How many of the next answers are dropped, after the server has sent them in full. */
  loseAnswers(count: number): void
  /** Sends what comes later to another port. */
  redirect(port: number): void
  readonly lost: number
  close(): Promise<void>
}

export async function startProxy(targetPort: number): Promise<CuttableLine> {
  const sockets = new Set<Socket>()
  let port = targetPort
  let isCut = false
  let blocksWebSockets = false
  let toLose = 0
  let lost = 0
  const server = createServer((socket) => {
    if (isCut) {
      socket.destroy()
      return
    }
    const upstream = connect(port, '127.0.0.1')
    for (const one of [socket, upstream]) {
      sockets.add(one)
      one.on('close', () => sockets.delete(one))
      one.on('error', () => undefined)
    }
    socket.on('data', (chunk) => {
      if (blocksWebSockets && /upgrade: websocket/i.test(chunk.toString('latin1'))) socket.destroy()
      else upstream.write(chunk)
    })
    upstream.on('data', (chunk) => {
      if (toLose > 0) {
        toLose -= 1
        lost += 1
        // The request is carried out, and the client will never know from this connection.
        socket.destroy()
        upstream.destroy()
      } else socket.write(chunk)
    })
    socket.on('close', () => upstream.destroy())
    upstream.on('close', () => socket.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut() {
      isCut = true
      for (const socket of sockets) socket.destroy()
    },
    restore() {
      isCut = false
    },
    blockWebSockets() {
      blocksWebSockets = true
    },
    loseAnswers(count) {
      toLose = count
    },
    redirect(to) {
      port = to
    },
    get lost() {
      return lost
    },
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy()
        server.close(() => resolve())
      }),
  }
}

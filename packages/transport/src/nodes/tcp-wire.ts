/** Connections over TCP: `tcp://HOST:PORT`. */
import { type AddressInfo, connect, createServer, isIPv6, type Server } from 'node:net'
import type { Duplex } from 'node:stream'
import { TransportError } from './errors.ts'
import { addressBytesMax } from './limits.ts'
import type { Wire } from './wire.ts'

/** What was connected and not accepted yet, in the operating system. */
const BACKLOG = 128

/** @param listen `tcp://HOST:PORT`; without it nobody can connect, but this node to others. */
export function tcpWire(listen: string | undefined): Wire {
  const place = listen === undefined ? undefined : parse(listen)
  let server: Server | undefined
  return {
    schemes: ['tcp:'],
    check: (address) => void parse(address),
    async listen(accept) {
      if (place === undefined) return ''
      server = createServer({ noDelay: true }, (socket) => accept(socket, socket.remoteAddress ?? ''))
      await listening(server, place)
      return tcpAddress(place.host, (server.address() as AddressInfo).port)
    },
    dial(address): Duplex {
      const { host, port } = parse(address)
      return connect({ host, port, noDelay: true })
    },
    close: () => new Promise((resolve) => (server === undefined ? resolve() : void server.close(() => resolve()))),
  }
}

/** Resolves when it listens. Throws `TRANSPORT_UNAVAILABLE`. */
export function listening(server: Server, { host, port }: { host: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (cause: Error): void =>
      reject(
        new TransportError('TRANSPORT_UNAVAILABLE', `cannot listen on ${host}:${port}: ${cause.message}`, { cause }),
      )
    server.once('error', failed)
    server.listen({ host, port, backlog: BACKLOG }, () => {
      server.off('error', failed)
      // What goes wrong with one connection is no affair of the others.
      server.on('error', () => {})
      resolve()
    })
  })
}

/** An address that can be dialled; empty for one that stands for all interfaces. */
function tcpAddress(host: string, port: number): string {
  if (host === '0.0.0.0' || host === '::') return ''
  return `tcp://${isIPv6(host) ? `[${host}]` : host}:${port}`
}

function parse(address: string): { readonly host: string; readonly port: number } {
  const wrong = () => new TransportError('TRANSPORT_ADDRESS', `${JSON.stringify(address)} is not tcp://HOST:PORT`)
  const [, name = '', digits = ''] = /^tcp:\/\/(\[[0-9a-fA-F:.]+\]|[^\s:/?#@[\]]+):(\d{1,5})$/.exec(address) ?? []
  const port = Number(digits)
  if (name === '' || port > 65_535 || Buffer.byteLength(address) > addressBytesMax) throw wrong()
  return { host: name.replace(/^\[|\]$/g, ''), port }
}

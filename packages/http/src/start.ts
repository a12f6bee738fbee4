/** Where a host listens: loopback only until there are keys, unless told otherwise. */
import type { AddressInfo } from 'node:net'
import { formatOrigin, isLoopbackHost, type ListenAddress, parseAddress } from './address.ts'
import type { Listener } from './listener.ts'
import { StartError } from './start-error.ts'

export interface ChosenAddress extends ListenAddress {
  /** Only this machine can reach it. */
  readonly loopbackOnly: boolean
}

export interface AddressChoice {
  /** `HOST:PORT` or `:PORT`; port 0 takes a free one. */
  readonly address: string
  readonly keysRequired: boolean
  /** Allows an address that others can reach although there are no keys. */
  readonly insecure: boolean
}

/** Throws `START_ADDRESS_INVALID`, `START_ADDRESS_EXPOSED`. */
export function chooseAddress({ address: text, keysRequired, insecure }: AddressChoice): ChosenAddress {
  const address = parseAddress(text)
  if (address === undefined) {
    throw new StartError(
      'START_ADDRESS_INVALID',
      `${JSON.stringify(text)} is not an address`,
      'Use HOST:PORT or :PORT, such as 127.0.0.1:8080 or :8080; an IPv6 host goes in brackets.',
    )
  }
  if (address.host === undefined) {
    return keysRequired || insecure
      ? { ...address, loopbackOnly: false }
      : { host: '127.0.0.1', port: address.port, loopbackOnly: true }
  }
  const loopbackOnly = isLoopbackHost(address.host)
  if (!loopbackOnly && !keysRequired && !insecure) {
    throw new StartError(
      'START_ADDRESS_EXPOSED',
      `others can reach ${text}, and there are no API keys yet`,
      'Create a key first (joinery keys create), listen on 127.0.0.1, or say --insecure.',
    )
  }
  return { ...address, loopbackOnly }
}

/** Throws `START_ORIGIN_INVALID`. */
export function checkOrigin(text: string): string {
  const origin = URL.canParse(text) ? new URL(text).origin : 'null'
  if (origin !== text) {
    throw new StartError(
      'START_ORIGIN_INVALID',
      `${JSON.stringify(text)} is not an origin`,
      'List origins one by one as a browser sends them, such as https://app.example: scheme, host, port if unusual, no path.',
    )
  }
  return origin
}

export interface Bound {
  readonly host: string
  readonly port: number
  /** Where it can be reached from this machine. */
  readonly url: string
}

/** Throws `START_ADDRESS_UNAVAILABLE`. */
export async function listenOn(listener: Listener, address: ChosenAddress, tls: boolean): Promise<Bound> {
  const bound = await listen(listener, address)
  const reachable = address.loopbackOnly || address.host !== undefined ? bound.address : '127.0.0.1'
  const url = formatOrigin(tls ? 'https' : 'http', isWildcard(reachable) ? '127.0.0.1' : reachable, bound.port)
  return { host: bound.address, port: bound.port, url }
}

function listen(listener: Listener, { host, port }: ListenAddress): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    listener.once('error', (cause: NodeJS.ErrnoException) => {
      const taken = cause.code === 'EADDRINUSE'
      reject(
        new StartError(
          'START_ADDRESS_UNAVAILABLE',
          `cannot listen on ${host ?? ''}:${port}: ${taken ? 'the port is taken' : cause.message}`,
          taken
            ? 'Stop what listens there, or choose another port with --addr.'
            : 'Choose another address with --addr.',
          { cause },
        ),
      )
    })
    listener.listen({ port, ...(host !== undefined && { host: host.toLowerCase() }) }, () => {
      listener.removeAllListeners('error')
      resolve(listener.address() as AddressInfo)
    })
  })
}

function isWildcard(host: string): boolean {
  return host === '::' || host === '0.0.0.0'
}

/** Addresses to listen on, as `HOST:PORT` or `:PORT`. */
import { isIP } from 'node:net'

export interface ListenAddress {
  /** Absent: chosen by whether keys are required. */
  readonly host?: string
  readonly port: number
}

/** Reads an address; undefined when it is none. */
export function parseAddress(text: string): ListenAddress | undefined {
  const match = /^(?:\[([^\]]+)\]|([^:[\]\s/]*)):(\d{1,5})$/.exec(text)
  const port = Number(match?.[3])
  if (match === null || port > 65_535) return undefined
  const [, bracketed, plain] = match
  if (bracketed !== undefined) return isIP(bracketed) === 6 ? { host: bracketed, port } : undefined
  return plain ? { host: plain, port } : { port }
}

/** Loopback by name or by number. Other names are not looked up: what DNS says can change. */
export function isLoopbackHost(host: string): boolean {
  const name = host.toLowerCase().replace(/^\[(.*)\]$/, '$1')
  return name === 'localhost' || name === '::1' || (isIP(name) === 4 && name.startsWith('127.'))
}

export function formatOrigin(scheme: 'http' | 'https', host: string, port: number): string {
  return `${scheme}://${isIP(host) === 6 ? `[${host}]` : host}:${port}`
}

/** The certificate and key of a host, from files. */
import { readFile } from 'node:fs/promises'
import type { TlsIdentity } from '@joinery/http'
import { UsageError } from './failure.ts'

export interface TlsOptions {
  readonly tlsCert?: string
  readonly tlsKey?: string
}

export async function readTls({ tlsCert, tlsKey }: TlsOptions): Promise<TlsIdentity | undefined> {
  if (tlsCert === undefined && tlsKey === undefined) return undefined
  if (tlsCert === undefined || tlsKey === undefined) {
    throw new UsageError('--tls-cert and --tls-key go together', 'Give both, or neither.')
  }
  const read = async (path: string): Promise<Uint8Array> => {
    try {
      return await readFile(path)
    } catch (error) {
      throw new UsageError(`cannot read ${path}: ${(error as Error).message}`, 'Give the path of a readable PEM file.')
    }
  }
  return { cert: await read(tlsCert), key: await read(tlsKey) }
}

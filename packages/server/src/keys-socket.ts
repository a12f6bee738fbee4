/**
 * Keys of a running server. One process owns a store, so `joinery keys` cannot open it while the server runs; it asks the
 * server instead, over a socket in the file system beside the store. Who may write that file (its owner) may manage keys: no
 * port, no password. A request is one line of JSON, and so is the answer.
 */
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { connect, createServer, type Socket } from 'node:net'
import type { Logger } from 'pino'
import { z } from 'zod'
import type { KeyRecord, KeyRing, NewKey } from './keys.ts'
import { shownFailure } from './log/failure.ts'

/** Managing keys, here or over there. */
export interface KeyAdmin {
  create(options: { readonly tenant: string; readonly name: string }): Promise<NewKey>
  list(tenant?: string): Promise<readonly KeyRecord[]>
  /** Resolves to undefined when there is no such key. */
  revoke(id: string): Promise<KeyRecord | undefined>
}

export function keyAdmin(keys: KeyRing): KeyAdmin {
  return {
    create: (options) => keys.create(options),
    list: async (tenant) => keys.list(tenant),
    revoke: (id) => keys.revoke(id),
  }
}

const requestSchema = z.discriminatedUnion('command', [
  z.strictObject({ command: z.literal('create'), tenant: z.string().min(1).max(128), name: z.string().max(256) }),
  z.strictObject({ command: z.literal('list'), tenant: z.string().optional() }),
  z.strictObject({ command: z.literal('revoke'), id: z.string() }),
])
type KeyRequest = z.infer<typeof requestSchema>

/** A request is a few names. */
const REQUEST_BYTES_MAX = 4096
/** Every key of a store, listed. */
const ANSWER_BYTES_MAX = 16_777_216
const TIMEOUT_MS = 5000
const CONNECTIONS_MAX = 4
/** Operating systems take 103 to 107 bytes. */
const PATH_BYTES_MAX = 100
/** Nobody but the owner reads or writes the socket. */
const OWNER_ONLY = 0o177

/** Where the socket of a store file is; undefined where there can be none. */
export function keysSocketPath(storePath: string): string | undefined {
  const path = `${storePath}.keys`
  return process.platform === 'win32' || Buffer.byteLength(path) > PATH_BYTES_MAX ? undefined : path
}

export interface KeysSocket {
  close(): Promise<void>
}

/** Answers on the socket. The caller owns the store, so a socket that is there already is a leftover. */
export async function serveKeys(path: string, keys: KeyRing, logger: Logger): Promise<KeysSocket> {
  await rm(path, { force: true })
  const admin = keyAdmin(keys)
  const server = createServer((socket) => {
    answer(socket, admin, logger).catch((error: unknown) => {
      logger.warn({ err: shownFailure(error) }, 'a request about keys failed')
      socket.destroy()
    })
  })
  server.maxConnections = CONNECTIONS_MAX
  const listening = once(server, 'listening')
  // The file must never be there with wider rights, not even for a moment.
  const umask = process.umask(OWNER_ONLY)
  try {
    server.listen(path)
  } finally {
    process.umask(umask)
  }
  await listening
  return {
    close: () => new Promise((resolve) => void server.close(() => resolve())),
  }
}

async function answer(socket: Socket, keys: KeyAdmin, logger: Logger): Promise<void> {
  const request = requestSchema.parse(JSON.parse(await readLine(socket, REQUEST_BYTES_MAX)))
  logger.info({ command: request.command, ...('tenant' in request && { tenant: request.tenant }) }, 'asked about keys')
  socket.end(`${JSON.stringify({ answer: (await perform(keys, request)) ?? null })}\n`)
}

function perform(keys: KeyAdmin, request: KeyRequest): Promise<unknown> {
  switch (request.command) {
    case 'create':
      return keys.create(request)
    case 'list':
      return keys.list(request.tenant)
    case 'revoke':
      return keys.revoke(request.id)
  }
}

/** The keys of the server behind a socket; undefined when none answers there. */
export async function connectKeys(path: string): Promise<KeyAdmin | undefined> {
  const ask = async (request: KeyRequest): Promise<unknown> => {
    const socket = connect(path)
    await once(socket, 'connect')
    socket.write(`${JSON.stringify(request)}\n`)
    return (JSON.parse(await readLine(socket, ANSWER_BYTES_MAX)) as { readonly answer: unknown }).answer
  }
  try {
    await ask({ command: 'list', tenant: '' })
  } catch {
    return undefined
  }
  return {
    create: async ({ tenant, name }) => (await ask({ command: 'create', tenant, name })) as NewKey,
    list: async (tenant) => (await ask({ command: 'list', ...(tenant !== undefined && { tenant }) })) as KeyRecord[],
    revoke: async (id) => ((await ask({ command: 'revoke', id })) ?? undefined) as KeyRecord | undefined,
  }
}

async function readLine(socket: Socket, bytesMax: number): Promise<string> {
  socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error('nothing came in time')))
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of socket.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>) {
    chunks.push(chunk)
    size += chunk.byteLength
    if (size > bytesMax) throw new Error(`more than ${bytesMax} bytes`)
    if (chunk.at(-1) === 0x0a) return Buffer.concat(chunks).toString('utf8')
  }
  throw new Error('the line has no end')
}

/**
 * The control socket of a running server. One process owns an embedded store, so a command cannot open it while the server runs; it
 * asks the server instead, over a socket in the file system beside the store. Who may write that file (its owner) may do what the
 * command could do with the store itself: no port, no password. A connection carries one request.
 */
import { createServer, type Socket } from 'node:net'
import { shownFailure } from '@joinery/http'
import { DataError, encodeArchive, readStore, type Scope } from '@joinery/storage/archive'
import { type Store, StoreError } from '@joinery/sync'
import { listenForOwner } from '@joinery/transport/owner-socket'
import type { Logger } from 'pino'
import type { KeyRing } from '../keys.ts'
import { documentShown } from '../service/document-shown.ts'
import type { DocumentService } from '../service/types.ts'
import { incoming } from './incoming.ts'
import { type KeyAdmin, keyAdmin } from './key-admin.ts'
import { type ControlLimits, controlLimits } from './limits.ts'
import { patient } from './patient.ts'
import {
  type CompactRequest,
  type ControlAnswer,
  type KeysRequest,
  parseRequest,
  type ReadRequest,
} from './requests.ts'

export interface ControlOptions {
  readonly keys: KeyRing
  readonly store: Store
  readonly service: Pick<DocumentService, 'compact'>
  readonly logger: Logger
  /** Milliseconds. */
  readonly now: () => number
  readonly limits?: Partial<ControlLimits>
}

export interface ControlSocket {
  /** Ends what is under way. */
  close(): Promise<void>
}

/** Answers on the socket. The caller owns the store, so a socket that is there already is a leftover. */
export async function serveControl(path: string, options: ControlOptions): Promise<ControlSocket> {
  const limits = { ...controlLimits, ...options.limits }
  const open = new Set<Socket>()
  const server = createServer((socket) => {
    open.add(socket)
    socket.once('close', () => open.delete(socket))
    answer(socket, { ...options, limits }).catch((error: unknown) => {
      options.logger.warn({ failure: shownFailure(error) }, 'a request on the control socket failed')
      socket.destroy()
    })
  })
  server.maxConnections = limits.connectionsMax
  await listenForOwner(server, path)
  return {
    close() {
      const closed = new Promise<void>((resolve) => void server.close(() => resolve()))
      for (const socket of open) socket.destroy()
      return closed
    },
  }
}

type Context = ControlOptions & { readonly limits: ControlLimits }

async function answer(socket: Socket, context: Context): Promise<void> {
  const { limits, logger, keys } = context
  // What is asked may end in the middle; the command that asked is told by what it lacks.
  socket.on('error', () => {})
  socket.setTimeout(limits.requestMsMax, () => socket.destroy())
  const request = parseRequest(await incoming(socket).line(limits.requestBytesMax))
  socket.setTimeout(limits.streamMsMax)
  const { command } = request
  logger.info({ command, ...('tenant' in request && { tenant: request.tenant }) }, 'asked on the control socket')
  try {
    switch (command) {
      case 'read':
        await sendArchive(socket, request, context)
        break
      case 'compact':
        await sendCompaction(socket, request, context)
        break
      default:
        send(socket, { answer: (await manageKeys(keyAdmin(keys), request)) ?? null })
    }
    socket.end()
  } catch (error) {
    if (!isRefusal(error)) throw error
    const { name, code, message } = error
    socket.end(lineOf({ error: { name, code, message } }))
  }
}

function isRefusal(error: unknown): error is DataError | StoreError {
  return error instanceof DataError || error instanceof StoreError
}

function manageKeys(keys: KeyAdmin, request: KeysRequest): Promise<unknown> {
  switch (request.command) {
    case 'keys.create':
      return keys.create(request)
    case 'keys.list':
      return keys.list(request.tenant)
    case 'keys.revoke':
      return keys.revoke(request.id)
  }
}

/** The archive, as fast as it is taken. A refusal after its first bytes shows as an archive that is cut. */
async function sendArchive(socket: Socket, request: ReadRequest, { store, now, limits }: Context): Promise<void> {
  const { content, values } = request
  const scope = scopeOf(request)
  const nowMs = now()
  const items = readStore(patient(store, now, limits.readTurnMsMax), {
    scope,
    content,
    expiredMs: nowMs,
    limits: { aheadDocumentsMax: limits.readAheadDocumentsMax, inFlightBytesMax: limits.readAheadBytesMax },
  })
  const header = { content, scope, storeId: store.identity.storeId, madeAt: new Date(nowMs).toISOString() }
  let begun = false
  for await (const chunk of encodeArchive(header, items, values ? { show: documentShown } : {})) {
    if (!begun) send(socket, { answer: {} })
    begun = true
    if (!socket.write(chunk)) await taken(socket)
    if (socket.destroyed) return
  }
}

/** Resolves when there is room again, or nobody any more who would take it. */
function taken(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      socket.off('drain', done)
      socket.off('close', done)
      resolve()
    }
    socket.on('drain', done)
    socket.on('close', done)
    if (socket.destroyed) done()
  })
}

async function sendCompaction(socket: Socket, request: CompactRequest, { service }: Context): Promise<void> {
  const stopping = new AbortController()
  socket.once('close', () => stopping.abort())
  const folded = await service.compact({
    scope: scopeOf(request),
    keepVersions: request.keepVersions,
    signal: stopping.signal,
    // Who does not listen misses some of it; it is not kept for them.
    onProgress: (progress) => void (socket.writableNeedDrain || send(socket, { progress })),
  })
  send(socket, { answer: folded })
}

function scopeOf({ tenant, id }: ReadRequest | CompactRequest): Scope {
  return { ...(tenant !== undefined && { tenant }), ...(id !== undefined && { id }) }
}

function send(socket: Socket, line: ControlAnswer): void {
  if (!socket.destroyed) socket.write(lineOf(line))
}

function lineOf(line: ControlAnswer): string {
  return `${JSON.stringify(line)}\n`
}

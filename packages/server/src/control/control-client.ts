/** The other end of the control socket: what a command asks of the server that has the store open. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { DataError, type DataErrorCode, type Scope } from '@joinery/storage/archive'
import { StoreError, type StoreErrorCode } from '@joinery/sync'
import type { KeyRecord, NewKey } from '../keys.ts'
import type { Folded } from '../service/fold-all.ts'
import { type Incoming, incoming } from './incoming.ts'
import type { KeyAdmin } from './key-admin.ts'
import { controlLimits } from './limits.ts'
import type { ControlAnswer, ControlRequest } from './requests.ts'

export interface ControlClient {
  readonly keys: KeyAdmin
  /**
   * The bytes of an archive, made while the server works. They end early when the server stops or fails in the middle, which
   * whoever decodes them notices.
   */
  read(options: ReadOptions): AsyncGenerator<Uint8Array, void, undefined>
  /** Folds histories; the server goes on with it only as long as somebody waits for it. */
  compact(options: {
    readonly scope: Scope
    readonly keepVersions: number
    readonly onProgress?: (progress: Folded) => void
    readonly signal?: AbortSignal
  }): Promise<Folded>
}

export interface ReadOptions {
  readonly content: 'documents' | 'everything'
  readonly scope: Scope
  /** The value of each document as JSON too. */
  readonly values: boolean
}

/** The server behind a socket; undefined when none answers there. */
export async function connectControl(path: string): Promise<ControlClient | undefined> {
  const client = controlClient(path)
  try {
    await client.keys.list('')
    return client
  } catch {
    return undefined
  }
}

function controlClient(path: string): ControlClient {
  const ask = async (request: ControlRequest): Promise<unknown> => {
    const { socket, from } = await begin(path, request)
    try {
      return answerIn(await from.line(controlLimits.answerBytesMax))
    } finally {
      socket.destroy()
    }
  }
  return {
    keys: {
      create: async ({ tenant, name }) => (await ask({ command: 'keys.create', tenant, name })) as NewKey,
      list: async (tenant) =>
        (await ask({ command: 'keys.list', ...(tenant !== undefined && { tenant }) })) as KeyRecord[],
      revoke: async (id) => ((await ask({ command: 'keys.revoke', id })) ?? undefined) as KeyRecord | undefined,
    },
    async *read({ content, scope, values }) {
      const { socket, from } = await begin(path, { command: 'read', content, ...scope, values })
      try {
        answerIn(await from.line(controlLimits.answerBytesMax))
        yield* from.rest()
      } finally {
        socket.destroy()
      }
    },
    async compact({ scope, keepVersions, onProgress, signal }) {
      const { socket, from } = await begin(path, { command: 'compact', ...scope, keepVersions })
      const stop = () => socket.destroy()
      signal?.addEventListener('abort', stop)
      try {
        return await foldedBy(from, onProgress)
      } finally {
        signal?.removeEventListener('abort', stop)
        socket.destroy()
      }
    },
  }
}

async function begin(
  path: string,
  request: ControlRequest,
): Promise<{ readonly socket: Socket; readonly from: Incoming }> {
  const socket = connect(path)
  await once(socket, 'connect')
  socket.setTimeout(controlLimits.streamMsMax, () => socket.destroy(new Error('nothing came in time')))
  socket.write(`${JSON.stringify(request)}\n`)
  return { socket, from: incoming(socket) }
}

/** Reads lines of progress until the answer comes. */
async function foldedBy(from: Incoming, onProgress: ((progress: Folded) => void) | undefined): Promise<Folded> {
  for (;;) {
    const line = await from.line(controlLimits.answerBytesMax)
    const said = JSON.parse(line) as ControlAnswer
    if (!('progress' in said)) return answerIn(line) as Folded
    onProgress?.(said.progress as Folded)
  }
}

/** Throws what the server refused with. */
function answerIn(line: string): unknown {
  const said = JSON.parse(line) as ControlAnswer
  if ('answer' in said) return said.answer
  if (!('error' in said)) throw new Error('the server gave no answer')
  const { name, code, message } = said.error
  if (name === 'DataError') throw new DataError(code as DataErrorCode, message)
  throw new StoreError(code as StoreErrorCode, message)
}

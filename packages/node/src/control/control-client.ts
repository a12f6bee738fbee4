/** The other end of the control socket: what a command asks of a running node. */
import { request } from 'node:http'
import type { JsonValue } from '@joinery/core'
import type { Operation } from '@joinery/sync'
import { NodeError, NodeRefusal } from '../errors.ts'
import type { NodeStatus } from '../node.ts'
import { controlLimits } from './limits.ts'

/** What a running node refuses is thrown as `NodeRefusal`; one that does not answer as `NODE_NOT_RUNNING`. */
export interface NodeControlClient {
  status(): Promise<NodeStatus>
  /** In the text format of Prometheus. */
  metrics(): Promise<string>
  documents(): Promise<readonly string[]>
  get(document: string): Promise<JsonValue>
  /** Answers how many changes that made: one, or none where the operations changed nothing. */
  set(
    document: string,
    operations: readonly Operation[],
    options?: { readonly replicated?: boolean },
  ): Promise<{ readonly changes: number }>
  delete(document: string): Promise<void>
  join(address: string): Promise<void>
  /** The node tells the others that it goes for good, and stops. */
  leave(): Promise<void>
}

/** @param path of the socket. Nothing is asked yet. */
export function nodeControlClient(path: string): NodeControlClient {
  const at = (document: string): string => `/docs/${encodeURIComponent(document)}`
  const ask = async (method: string, place: string, body?: unknown): Promise<unknown> =>
    JSON.parse(await send(path, method, place, body))
  return {
    status: async () => (await ask('GET', '/status')) as NodeStatus,
    metrics: () => send(path, 'GET', '/metrics'),
    documents: async () => (await ask('GET', '/docs')) as string[],
    get: async (document) => (await ask('GET', at(document))) as JsonValue,
    async set(document, operations, { replicated = false } = {}) {
      const place = `${at(document)}${replicated ? '?ack=replicated' : ''}`
      return (await ask('POST', place, operations)) as { changes: number }
    },
    delete: async (document) => void (await ask('DELETE', at(document))),
    join: async (address) => void (await ask('POST', '/join', address)),
    leave: async () => void (await ask('POST', '/leave')),
  }
}

function send(socketPath: string, method: string, path: string, body?: unknown): Promise<string> {
  return new Promise((resolve, reject) => {
    const failed = (cause: Error): void =>
      reject(new NodeError('NODE_NOT_RUNNING', `no node answers at ${socketPath}`, { cause }))
    const asked = request({ socketPath, method, path, timeout: controlLimits.answerMsMax }, (response) => {
      const chunks: Uint8Array[] = []
      let bytes = 0
      response.on('data', (chunk: Uint8Array) => {
        bytes += chunk.length
        if (bytes > controlLimits.answerBytesMax) asked.destroy(new Error('the answer is too long'))
        chunks.push(chunk)
      })
      response.on('error', failed)
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8')
        if (response.statusCode === 200) resolve(text)
        else reject(refusal(text))
      })
    })
    asked.on('timeout', () => asked.destroy(new Error('nothing came in time')))
    asked.on('error', failed)
    asked.end(body === undefined ? undefined : JSON.stringify(body))
  })
}

function refusal(text: string): Error {
  try {
    const { code, message } = JSON.parse(text) as { readonly code: string; readonly message: string }
    return new NodeRefusal(code, message)
  } catch (cause) {
    return new NodeError('NODE_NOT_RUNNING', 'what answers is no node', { cause })
  }
}

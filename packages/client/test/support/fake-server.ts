/** A server as a function: it notes what it is asked and answers what the test says, by default that all is well. */
import type { JsonValue } from '@joinery/core'
import type { Fetch } from '../../src/http.ts'

export interface Asked {
  readonly method: string
  readonly path: string
  readonly key: string | undefined
  readonly headers: Readonly<Record<string, string>>
  readonly body: { readonly [name: string]: JsonValue }
  readonly text: string | undefined
}

export interface Answer {
  readonly status: number
  readonly body: unknown
  readonly headers?: Readonly<Record<string, string>>
}

/** `drop`: the connection breaks. `hang`: no answer ever. */
export type Reply = Answer | 'drop' | 'hang'

export interface FakeServer {
  readonly fetch: Fetch
  readonly asked: Asked[]
  /** Answers to the next requests, one after the other; afterwards `otherwise`. */
  readonly next: (Reply | ((asked: Asked) => Reply))[]
  otherwise: (asked: Asked) => Reply
  /** The request with this place in the order of arrival. */
  ask(index: number): Asked
}

export function fakeServer(): FakeServer {
  let version = 0
  const asked: Asked[] = []
  const server: FakeServer = {
    asked,
    next: [],
    otherwise: ({ path, body }) => {
      version += 1
      return { status: 200, body: stateOf(path, { version, type: body.type ?? 'orset' }) }
    },
    ask: (index) => {
      const found = asked.at(index)
      if (found === undefined) throw new Error(`there was no request ${index}`)
      return found
    },
    async fetch(url, { method, headers, body, signal }) {
      const one: Asked = {
        method,
        path: new URL(url).pathname + new URL(url).search,
        key: headers['Idempotency-Key'],
        headers,
        body: body === undefined ? {} : JSON.parse(body),
        text: body,
      }
      asked.push(one)
      const reply = server.next.shift() ?? server.otherwise
      const answer = typeof reply === 'function' ? reply(one) : reply
      if (answer === 'drop') throw new TypeError('fetch failed')
      if (answer === 'hang') {
        return new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))))
      }
      const text = typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body)
      const given = new Map(Object.entries(answer.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]))
      return {
        status: answer.status,
        headers: { get: (name) => given.get(name.toLowerCase()) ?? null },
        text: async () => text,
      }
    },
  }
  return server
}

/** Everything that any answer about a document can have. */
export function stateOf(path: string, members: Record<string, unknown> = {}): Record<string, unknown> {
  const id = decodeURIComponent(/^\/v1\/docs\/([^/?]+)/.exec(path)?.[1] ?? '')
  const state = { id, type: 'orset', version: 1, incarnation: 'i1', storeId: 's1', value: [], snapshot: [], ops: [] }
  return { ...state, ...members }
}

export function problem(status: number, code: string, extra: Record<string, unknown> = {}): Answer {
  return {
    status,
    body: { type: `urn:joinery:error:${code}`, title: code, status, code, detail: 'no', advice: 'do', ...extra },
  }
}

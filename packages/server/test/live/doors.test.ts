/** Plain HTTP: Server-Sent Events and long polls see what any door lets in. */

import type { JsonValue } from '@joinery/core'
import { defineSchema, orSet } from '@joinery/core'
import { afterEach, describe, expect, it } from 'vitest'
import { connectClient, startServer, type TestServer, until } from './harness.ts'

const running: TestServer[] = []
afterEach(async () => {
  for (const { server } of running.splice(0)) await server.close()
})

async function start(...args: Parameters<typeof startServer>): Promise<TestServer> {
  const server = await startServer(...args)
  running.push(server)
  return server
}

const headers = { 'X-Tenant-ID': 'acme', 'X-Node-ID': 'curl', 'Content-Type': 'application/json' }

async function put(url: string, type: string, value: JsonValue): Promise<void> {
  const answer = await fetch(url, { method: 'PUT', headers, body: JSON.stringify({ type, value }) })
  expect(answer.status).toBeLessThan(300)
}

async function apply(url: string, type: string, ...ops: object[]): Promise<{ version: number }> {
  const answer = await fetch(`${url}/ops`, { method: 'POST', headers, body: JSON.stringify({ type, ops }) })
  expect(answer.status).toBe(200)
  return (await answer.json()) as { version: number }
}

interface Event {
  readonly id: string | undefined
  readonly event: string
  // biome-ignore lint/suspicious/noExplicitAny: tests look into events of every shape.
  readonly data: any
}

/** Reads a stream of events by `fetch`, as an application would. */
function events(url: string, lastEventId?: string) {
  const seen: Event[] = []
  const abort = new AbortController()
  const state = { status: 0, ended: false }
  const more = lastEventId === undefined ? {} : { 'Last-Event-ID': lastEventId }
  const done = (async () => {
    const answer = await fetch(`${url}/events`, { headers: { ...headers, ...more }, signal: abort.signal })
    state.status = answer.status
    let text = ''
    for await (const part of answer.body!.pipeThrough(new TextDecoderStream())) {
      text += part
      for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
        const fields = Object.fromEntries(
          text
            .slice(0, end)
            .split('\n')
            .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
        )
        text = text.slice(end + 2)
        if (fields.event !== undefined)
          seen.push({ id: fields.id, event: fields.event, data: JSON.parse(fields.data!) })
      }
    }
    state.ended = true
  })().catch(() => {
    state.ended = true
  })
  return { seen, state, done, stop: () => abort.abort() }
}

describe('Server-Sent Events', () => {
  it('tell the value, then what changes through any door, then the end', async () => {
    const { server, wsUrl } = await start()
    const url = `${server.url}/v1/docs/tags`
    await put(url, 'orset', ['a'])
    const stream = events(url)
    await until(() => stream.seen.length === 1, 'snapshot')
    expect(stream.seen[0]).toMatchObject({ event: 'snapshot', data: { type: 'orset', version: 1, value: ['a'] } })
    await apply(url, 'orset', { type: 'add', elem: 'b' })
    await until(() => stream.seen.length === 2, 'patch')
    expect(stream.seen[1]).toMatchObject({
      event: 'patch',
      data: { version: 2, patch: [{ op: 'add', path: '/1', value: 'b' }] },
    })
    const client = connectClient(wsUrl, 'anna')
    const followed = client.follow('tags', defineSchema({ value: orSet<string>() }), { type: 'orset' })
    const doc = await followed.opened()
    doc.change((root) => root.value.remove('a'))
    await followed.saved()
    await until(() => stream.seen.length === 3, 'the other door')
    expect(stream.seen[2]?.data.patch).toEqual([{ op: 'remove', path: expect.stringMatching(/^.[01]$/) }])
    await fetch(url, { method: 'DELETE', headers })
    await stream.done
    expect(stream.seen[3]).toMatchObject({ event: 'end', data: { code: 'deleted' } })
    client.connection.close()
  })

  it('go on after Last-Event-ID, and begin with the whole where that says nothing here', async () => {
    const { server } = await start()
    const url = `${server.url}/v1/docs/n`
    await put(url, 'pncounter', 1)
    const first = events(url)
    await until(() => first.seen.length === 1, 'snapshot')
    first.stop()
    const id = first.seen[0]?.id as string
    await apply(url, 'pncounter', { type: 'increment', by: 4 })
    const second = events(url, id)
    await until(() => second.seen.length === 1, 'patch')
    expect(second.seen[0]).toMatchObject({
      event: 'patch',
      data: { version: 2, patch: [{ op: 'replace', path: '', value: 5 }] },
    })
    for (const nonsense of ['x', 'a/b/c', '%/1/2', `${id}/9`, id.replace(/\d+$/, '99')]) {
      const third = events(url, nonsense)
      await until(() => third.seen.length === 1, 'snapshot')
      expect(third.seen[0]?.event, nonsense).toBe('snapshot')
      third.stop()
    }
    second.stop()
  })

  it('a document that is not there is refused, and a server that stops ends the stream', async () => {
    const { server } = await start()
    expect((await fetch(`${server.url}/v1/docs/none/events`, { headers })).status).toBe(404)
    const url = `${server.url}/v1/docs/n`
    await put(url, 'pncounter', 1)
    const stream = events(url)
    await until(() => stream.seen.length === 1, 'snapshot')
    expect(await server.close()).toBe(true)
    await stream.done
    expect(stream.state.ended).toBe(true)
  })

  it('a large value is told once, and then there is silence', async () => {
    const { server } = await start()
    const url = `${server.url}/v1/docs/t`
    await put(url, 'lww', 'x')
    await apply(url, 'lww', { set: 'y'.repeat(400_000) })
    const abort = new AbortController()
    const answer = await fetch(`${url}/events`, { headers, signal: abort.signal })
    let bytes = 0
    const reading = (async () => {
      for await (const part of answer.body!) bytes += part.length
    })().catch(() => {})
    await until(() => bytes > 400_000, 'the value')
    await new Promise((resolve) => setTimeout(resolve, 500))
    expect(bytes).toBeLessThan(500_000)
    await apply(url, 'lww', { set: 'z' })
    await until(() => bytes > 400_100, 'what comes after it')
    abort.abort()
    await reading
  })

  it('a reader that does not read is told the whole when it does', async () => {
    const { server, service } = await start()
    const url = `${server.url}/v1/docs/t`
    await put(url, 'lww', 'x')
    const abort = new AbortController()
    const answer = await fetch(`${url}/events`, { headers, signal: abort.signal })
    const reader = answer.body!.getReader()
    await reader.read()
    const value = 'y'.repeat(300_000)
    for (let i = 0; i < 60; i += 1) await apply(url, 'lww', { set: `${i}${value}` })
    expect(service.live.size).toBe(1)
    let text = ''
    const decoder = new TextDecoder()
    const end = Date.now() + 10_000
    while (!text.includes(`"59y`) && Date.now() < end) {
      const { value: part } = await reader.read()
      text = (text + decoder.decode(part, { stream: true })).slice(-700_000)
    }
    expect(text).toContain('"59y')
    abort.abort()
    await until(() => service.live.size === 0, 'nobody follows')
  })
})

describe('long polls', () => {
  it('wait for the first operation, whoever makes it', async () => {
    const { server } = await start()
    const url = `${server.url}/v1/docs/tags`
    await put(url, 'orset', [])
    const { version } = await apply(url, 'orset', { type: 'add', elem: 'a' })
    const poll = fetch(`${url}/ops?since=${version}&wait=20`, { headers }).then((answer) => answer.json())
    await new Promise((resolve) => setTimeout(resolve, 50))
    await apply(url, 'orset', { type: 'add', elem: 'b' })
    expect(await poll).toMatchObject({ version: version + 1, ops: [{ op: { type: 'add', elem: 'b' } }] })
  })

  it('answer without news when the time is over, and at once when the server stops', async () => {
    const { server, service } = await start()
    const url = `${server.url}/v1/docs/tags`
    await put(url, 'orset', [])
    const started = Date.now()
    expect(await (await fetch(`${url}/ops?since=1&wait=1`, { headers })).json()).toMatchObject({ ops: [] })
    expect(Date.now() - started).toBeGreaterThan(900)
    const poll = fetch(`${url}/ops?since=1&wait=40`, { headers }).then((answer) => answer.json())
    await until(() => service.live.size === 1, 'waits')
    await server.close()
    expect(await poll).toMatchObject({ ops: [] })
    expect(Date.now() - started).toBeLessThan(10_000)
  })

  it('refuse more wait than there is, and more of them than the limit', async () => {
    const { server } = await start({ limits: { streamsMax: 1 } })
    const url = `${server.url}/v1/docs/tags`
    await put(url, 'orset', [])
    expect((await fetch(`${url}/ops?since=1&wait=51`, { headers })).status).toBe(400)
    const stream = events(url)
    await until(() => stream.seen.length === 1, 'snapshot')
    const refused = await fetch(`${url}/ops?since=1&wait=5`, { headers })
    expect([refused.status, await refused.json()]).toMatchObject([503, { code: 'OVERLOADED' }])
    stream.stop()
  })
})

/** Deflated payloads over real sockets: fewer bytes, the same documents, beside clients that take none. */
import { defineSchema, lww, text } from '@joinery/core'
import { Packer } from '@joinery/sync'
import { nodeCompression } from '@joinery/transport/deflate'
import { afterEach, expect, it } from 'vitest'
import { connectClient, startServer, type TestServer, until } from './harness.ts'
import { hello, openRaw, subscribe } from './raw-client.ts'

const schema = defineSchema({ title: lww<string>(), body: text() })
const running: TestServer[] = []
afterEach(async () => {
  for (const { server } of running.splice(0)) await server.close()
})

async function start(...args: Parameters<typeof startServer>): Promise<TestServer> {
  const server = await startServer(...args)
  running.push(server)
  return server
}

/** Sentences, as somebody may write them. */
const prose = (sentences: number): string =>
  Array.from({ length: sentences }, (_, i) => `Sentence ${i} says ${i * 7919} things of little weight. `).join('')

const packer = new Packer(nodeCompression)

it('clients that deflate and clients that do not write one document, and end equal', async () => {
  const { wsUrl } = await start()
  const clients = [
    connectClient(wsUrl, 'anna', { packer }),
    connectClient(wsUrl, 'ben'),
    connectClient(wsUrl, 'cleo', { packer }),
  ] as const
  const [anna, ben, cleo] = clients
  const one = anna.follow('plan', schema)
  const doc = await one.opened()
  doc.change((root) => root.body.insert(0, prose(20_000)))
  await one.saved()
  const [two, three] = [ben.follow('plan', schema), cleo.follow('plan', schema)]
  const [other, third] = [await two.opened(), await three.opened()]
  for (let i = 0; i < 30; i += 1) {
    doc.change((root) => root.body.insert(0, prose(40)))
    other.change((root) => root.body.insert(root.body.length, prose(40)))
    third.change((root) => root.title.set(`${i}`))
  }
  await Promise.all([one.saved(), two.saved(), three.saved()])
  await until(() => new Set([doc, other, third].map((each) => each.versionHash())).size === 1, 'equal')
  expect(doc.snapshot()).toEqual(third.snapshot())
  expect([anna, ben, cleo].flatMap(({ faults }) => faults)).toEqual([])
  for (const { connection } of clients) connection.close()
})

it('what joins is sent is a fraction, and a lost connection goes on where it stopped', async () => {
  const { wsUrl } = await start({ sessionLimits: { frameBytesMax: 8_192 } })
  const anna = connectClient(wsUrl, 'anna')
  const followed = anna.follow('plan', schema)
  const doc = await followed.opened()
  doc.change((root) => root.body.insert(0, prose(20_000)))
  await followed.saved()
  const plain = await openRaw(wsUrl)
  plain.send(hello('plain'), { ...subscribe('plan'), window: 10_000_000 } as ReturnType<typeof subscribe>)
  await plain.next('synced')
  const asked = { ...hello('packed'), versions: [1, 2] } as unknown as ReturnType<typeof hello>
  const packed = await openRaw(wsUrl)
  packed.send(asked, { ...subscribe('plan'), window: 10_000_000 } as ReturnType<typeof subscribe>)
  expect(await packed.next('welcome')).toMatchObject({ version: 2 })
  await packed.next('synced')
  expect(packed.taken()).toBeLessThan(plain.taken() / 2)

  const chunks = packed.heard.filter((frame) => frame.kind === 'chunk')
  expect(chunks.length).toBeGreaterThan(5)
  const [, second] = chunks
  const resume = { transfer: second!.transfer, offset: second!.offset }
  const again = await openRaw(wsUrl)
  again.send(asked, { ...subscribe('plan'), window: 10_000_000, resume } as ReturnType<typeof subscribe>)
  await again.next('synced')
  const rest = again.heard.filter((frame) => frame.kind === 'chunk')
  expect(rest[0]).toMatchObject(resume)
  const whole = (parts: typeof chunks): Buffer => Buffer.concat(parts.map(({ payload }) => payload))
  expect(Buffer.compare(whole(rest), whole(chunks).subarray(second!.offset))).toBe(0)
  // Who does not deflate any more cannot go on with those bytes: it begins again.
  const other = await openRaw(wsUrl)
  other.send(hello('plain'), { ...subscribe('plan'), window: 10_000_000, resume } as ReturnType<typeof subscribe>)
  await other.next('synced')
  expect(other.heard.find((frame) => frame.kind === 'chunk')).toMatchObject({ offset: 0 })
  for (const each of [plain, packed, again, other]) each.socket.close()
  anna.connection.close()
})

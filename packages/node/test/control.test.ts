/** The control socket: bounds, and what it does with what is none of its business. */

import { statSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { controlLimits } from '../src/control/limits.ts'
import { nodeControlClient, nodeMetrics, serveNodeControl } from '../src/index.ts'
import { Outcomes } from '../src/outcomes.ts'
import { increment, scheduler, temporaryDirectory, testNetwork, value } from './nodes.ts'

async function started() {
  const network = testNetwork()
  const node = await network.start({ node: 'a' })
  const path = join(temporaryDirectory(), 'control')
  const lines: string[] = []
  let leaves = 0
  const control = await serveNodeControl(path, {
    node,
    metrics: nodeMetrics(),
    logger: pino({ base: null }, { write: (line: string) => void lines.push(line) }),
    wallMs: Date.now,
    onLeave: () => {
      leaves += 1
    },
  })
  return { node, path, control, lines, leaves: () => leaves, client: nodeControlClient(path) }
}

/** Posts as many bytes as it likes; answers status and code. */
function post(socketPath: string, path: string, body: string): Promise<[number | undefined, string]> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath, method: 'POST', path }, (response) => {
      let text = ''
      response.on('data', (chunk) => {
        text += chunk
      })
      response.on('end', () => resolve([response.statusCode, (JSON.parse(text) as { code: string }).code]))
    })
    asked.on('error', reject)
    asked.end(body)
  })
}

test('reads, writes and deletes documents for who owns it', async () => {
  const { client, path, control, node, leaves } = await started()
  expect(statSync(path).mode & 0o777).toBe(0o600)
  expect(await client.set('über/page one', [increment('n', 2)])).toEqual({ changes: 1 })
  expect(await client.set('über/page one', [])).toEqual({ changes: 0 })
  expect([await client.documents(), await client.get('über/page one')]).toEqual([['über/page one'], { n: 2 }])
  expect((await client.status()).node).toBe('a')
  await client.delete('über/page one')
  expect(node.documents()).toEqual([])
  await client.leave()
  expect(leaves()).toBe(1)
  await control.close()
  await expect(client.status()).rejects.toMatchObject({ code: 'NODE_NOT_RUNNING' })
})

test('takes all operations of a change or none', async () => {
  const { client, node, control } = await started()
  const wrong = client.set('page', [increment('n'), { path: ['n'], of: 'pncounter', type: 'explode' }])
  await expect(wrong).rejects.toMatchObject({ name: 'NodeRefusal', code: 'OP_INVALID' })
  expect(await value(node, 'page')).toBeUndefined()
  const early = client.set('page', [{ path: ['x'], of: 'lww', set: 1, ts_unix_ns: `${Date.now() + 120_000}000000` }])
  await expect(early).rejects.toMatchObject({ code: 'CLOCK_SKEW' })
  await control.close()
})

test('takes bodies as long as they may be, and none that is longer or no array', async () => {
  const { path, control, lines } = await started()
  const fits = JSON.stringify([]).padEnd(controlLimits.bodyBytesMax)
  expect(await post(path, '/docs/page', fits)).toEqual([200, undefined])
  expect(await post(path, '/docs/page', `${fits} `)).toEqual([400, 'NODE_REQUEST_INVALID'])
  for (const body of ['', '{', '{}', '"[]"', 'null']) {
    expect(await post(path, '/docs/page', body), body).toEqual([400, 'NODE_REQUEST_INVALID'])
  }
  expect(await post(path, '/docs/%ff', '[]')).toEqual([400, 'NODE_DOCUMENT_INVALID'])
  expect(await post(path, '/elsewhere', '[]')).toEqual([404, 'NODE_REQUEST_INVALID'])
  expect(lines).toEqual([])
  await control.close()
})

test('only so many wait for their confirmation', async () => {
  const outcomes = new Outcomes(scheduler, { replicationWaitersMax: 2, replicationMsMax: 60_000 })
  const life = { document: 'page', incarnation: '1' }
  const header = { actor: 'a~AAAAAAAAAAAAAAAA', first: 1, length: 2 } as never
  const waiting = [outcomes.replication(life, header), outcomes.replication({ ...life, incarnation: '2' }, header)]
  await expect(outcomes.replication(life, header)).rejects.toMatchObject({ code: 'NODE_NOT_REPLICATED' })
  const told = { type: 'replicated', life, actor: 'a~AAAAAAAAAAAAAAAA', by: 'b' } as const
  outcomes.replicated({ ...told, counter: 1 } as never)
  outcomes.replicated({ ...told, counter: 2 } as never)
  await waiting[0]
  outcomes.stop()
  await expect(waiting[1]).rejects.toMatchObject({ code: 'NODE_STOPPED' })
})

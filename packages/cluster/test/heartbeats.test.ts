/** Heartbeats fit their lane, and what is no heartbeat is passed over. */
import { actorId, replicaId } from '@joinery/core'
import { presenceBytesMax } from '@joinery/sync/replication'
import { expect, test } from 'vitest'
import { clusterLimits } from '../src/index.ts'
import { decodeHeartbeat, encodeHeartbeat } from '../src/view/heartbeats.ts'

const actor = actorId(replicaId('n'.repeat(clusterLimits.idBytesMax)), new Uint8Array(12).fill(255))
const heartbeat = { atMs: 1_700_000_000_000, actor, digest: 'f'.repeat(16), usage: { cpu: 1 / 3, memory: 1, disk: 0 } }

test('the largest heartbeat fits the lane', () => {
  const bytes = encodeHeartbeat(heartbeat)
  expect(bytes.length).toBeLessThanOrEqual(presenceBytesMax)
  expect(decodeHeartbeat(bytes)).toEqual({ ...heartbeat, usage: { cpu: 0.333, memory: 1, disk: 0 } })
})

test.each([
  '',
  '{',
  'null',
  '{"at":"now","actor":"a~--------------__","digest":"0000000000000000"}',
  '{"at":1e300,"actor":"a~----------------","digest":"0000000000000000"}',
  '{"at":1,"actor":"nobody","digest":"0000000000000000"}',
  '{"at":1,"actor":"a~----------------","digest":"<script>"}',
  '{"at":1,"actor":["a"],"digest":"0000000000000000"}',
])('%s is no heartbeat', (text) => {
  expect(decodeHeartbeat(new TextEncoder().encode(text))).toBeUndefined()
})

test('usage that cannot be is left out', () => {
  const of = (usage: string) =>
    decodeHeartbeat(
      new TextEncoder().encode(`{"at":1,"actor":"a~----------------","digest":"0000000000000000","usage":${usage}}`),
    )
  expect(of('[0.5,0.25,1]')?.usage).toEqual({ cpu: 0.5, memory: 0.25, disk: 1 })
  for (const usage of ['[2,0,0]', '[-1,0,0]', '[0,0]', '"high"', '[null,0,0]']) expect(of(usage)?.usage).toBeUndefined()
})

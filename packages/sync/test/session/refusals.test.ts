/** What a client voided does not come back to it: a late refusal of a batch behind one that was refused before. */
import { expect, it } from 'vitest'
import { SessionRefusal } from '../../src/index.ts'
import { changes, subscribe, TestHost, turn } from './host.ts'

it('a batch that is decided after its client began again', async () => {
  const host = new TestHost()
  const { say, heard, submitted } = await host.connect()
  say(subscribe('d'))
  await turn()
  say(changes(1, 1, 1), changes(1, 2, 1))
  const busy = new SessionRefusal('unavailable', 'later', { retryAfterMs: 1 })
  submitted[0]?.decide({ accepted: 0, version: 0, refusal: busy })
  await turn()
  say(changes(1, 3, 1, true))
  const late = new SessionRefusal('missing_dependencies', 'of course')
  submitted[1]?.decide({ accepted: 0, version: 0, refusal: late })
  submitted[2]?.decide({ accepted: 0, version: 7 })
  await turn()
  const told = heard.filter(({ kind }) => kind === 'refused' || kind === 'ack')
  expect(told).toMatchObject([
    { kind: 'refused', batch: 1, code: 'unavailable' },
    { kind: 'ack', batch: 3, version: 7 },
  ])
})

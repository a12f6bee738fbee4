/** docs/CLUSTER.md tells the truth, the demonstration comes to an end, and commands say what is wrong. */

import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { joinery, joineryHere, temporaryDirectory } from './joinery.ts'
import { playPage, running, shell } from './tour.ts'

test('every command of docs/CLUSTER.md does what the page says', async () => {
  await playPage('docs/CLUSTER.md', [7431, 7432, 8091, 8092], 12)
  for (const name of ['paris', 'tokyo']) {
    const child = running.get(name) as ChildProcess
    const stopped = once(child, 'exit')
    child.kill('SIGTERM')
    expect(await stopped, name).toEqual([0, null])
  }
}, 240_000)

test('the demonstration ends with all nodes equal', async () => {
  const { code, stdout, stderr } = await joinery(['cluster', 'demo', '--regions', '3', '--vms', '100'])
  expect([code, stderr]).toEqual([0, ''])
  expect(stdout).toMatch(/on all nodes, equal byte for byte, after/)
  expect(stdout).toMatch(/all have 103 virtual machines, vm-000000 is "stopped by region-\d"/)
  const digests = [...stdout.matchAll(/digest ([0-9a-f]{16})/g)].map(([, digest]) => digest)
  expect([digests.length, new Set(digests).size]).toEqual([3, 1])
  // Both sides of the cut wrote the same machines.
  expect(stdout).toMatch(/10 fields were written at once/)
}, 120_000)

test('commands say what is wrong', async () => {
  const directory = temporaryDirectory()
  const problem = async (...args: string[]): Promise<[number | null, string]> => {
    const { code, stderr } = await joineryHere(['cluster', ...args])
    return [code, stderr.replace(/\n[\s\S]*/, '')]
  }
  const nowhere = ['--url', 'http://127.0.0.1:9']
  expect(await problem('vms', ...nowhere)).toEqual([2, 'joinery: nobody answers at http://127.0.0.1:9'])
  expect((await problem('vms', '--url', 'nonsense'))[0]).toBe(2)
  expect(await problem('demo', '--regions', '1')).toEqual([2, 'joinery: too few or too many regions'])
  expect(await problem('demo', '--vms', '9')).toEqual([2, 'joinery: too few or too many vms'])
  expect(await problem('start', '--store', 'memory:')).toEqual([2, 'joinery: a node has a name'])
  expect((await problem('import', join(directory, 'none'), ...nowhere))[1]).toMatch(/cannot read/)
  const file = join(directory, 'inventory')
  writeFileSync(file, '{"id":"a"}\n{"name":"b"}\n')
  expect(await problem('import', file, ...nowhere)).toEqual([2, 'joinery: line 2 is no JSON object with an id'])
  expect((await shell('joinery cluster --help')).stdout).toContain('shadow mode')
})

/** The alert rules fire when they should and not before: `promtool test rules` says so. */
import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { clusterInstruments } from '../src/metrics/instruments.ts'

const FOLDER = fileURLToPath(new URL('../../../deploy/cluster/', import.meta.url))

/** Where it is unpacked by `make test-tools`, unless it is installed. */
function promtool(): string {
  const unpacked = fileURLToPath(new URL('../../../.joinery-tools/usr/bin/promtool', import.meta.url))
  return process.env.JOINERY_PROMTOOL ?? (existsSync(unpacked) ? unpacked : 'promtool')
}

function run(...args: string[]): Promise<{ readonly code: number | string | null; readonly text: string }> {
  return new Promise((resolve) => {
    execFile(promtool(), args, { cwd: FOLDER }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : (error.code ?? 1), text: stdout + stderr }),
    )
  })
}

test('alert rules pass promtool', async () => {
  const { code, text } = await run('test', 'rules', 'alerts.test.yml')
  if (code === 'ENOENT') throw new Error('promtool is missing: make test-tools unpacks it, or set JOINERY_PROMTOOL')
  expect(text).toContain('SUCCESS')
  expect(code).toBe(0)
})

test('alert rules speak of metrics that there are', () => {
  const known = new Set<string>(clusterInstruments.map(({ name }) => name))
  const named = readFileSync(`${FOLDER}alerts.yml`, 'utf8').match(/joinery_\w+/g) ?? []
  expect(named.length).toBeGreaterThan(5)
  expect(named.filter((name) => !known.has(name))).toEqual([])
})

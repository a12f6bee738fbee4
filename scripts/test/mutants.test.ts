import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { mutants } from '../mutants-list.mjs'
import { mutate } from '../mutants-plugin.mjs'

const root = new URL('../../', import.meta.url)

describe('mutants', () => {
  test('each has a name of its own and replaces text that is there exactly once', () => {
    expect(new Set(mutants.map(({ name }) => name)).size).toBe(mutants.length)
    for (const mutant of mutants) {
      const code = readFileSync(new URL(mutant.file, root), 'utf8')
      expect(mutate(mutant, code)).not.toBe(code)
    }
  })

  test('one whose text is gone, or there twice, is an error and not a pass', () => {
    const mutant = { name: 'example', file: 'a.ts', find: 'x', replace: 'y', tests: [] }
    expect(() => mutate(mutant, 'abc')).toThrow('occurs 0 times')
    expect(() => mutate(mutant, 'x x')).toThrow('occurs 2 times')
  })

  test('a run names the test that noticed, and an unknown name fails', () => {
    const run = (name: string) =>
      execFileSync(process.execPath, ['scripts/mutants.mjs', name], { cwd: root, encoding: 'utf8', stdio: 'pipe' })
    expect(run('counter-adds-instead-of-maximum')).toMatch(/killed by: lattice gcounter random histories/)
    expect(() => run('no-such-mutant')).toThrow('no mutant no-such-mutant')
  })
})

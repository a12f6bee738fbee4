/** Every rule of the linter that STYLE names is seen to fire, in a copy of the configuration with files that break it. */
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fixtures, goodFiles } from '../lint-rules/fixtures.mjs'

interface Diagnostic {
  readonly category: string | null
  readonly message: string
  readonly location: { readonly path: string | { readonly file: string } }
}

const root = fileURLToPath(new URL('../../', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'joinery-lint-'))
let diagnostics: Diagnostic[] = []

function write(path: string, text: string): void {
  const file = join(folder, path)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
}

function pathOf({ location }: Diagnostic): string {
  return typeof location.path === 'string' ? location.path : location.path.file
}

function at(path: string): Diagnostic[] {
  return diagnostics.filter((diagnostic) => pathOf(diagnostic).replaceAll('\\', '/').endsWith(path))
}

beforeAll(() => {
  for (const name of ['biome.json', 'determinism.grit', '.gitignore', 'package.json']) {
    copyFileSync(join(root, name), join(folder, name))
  }
  for (const name of readdirSync(join(root, 'packages'))) {
    mkdirSync(join(folder, 'packages', name), { recursive: true })
    copyFileSync(join(root, 'packages', name, 'package.json'), join(folder, 'packages', name, 'package.json'))
  }
  for (const { path, text } of fixtures) write(path, text)
  for (const [path, text] of Object.entries(goodFiles)) write(path, text)
  const biome = join(root, 'node_modules', '.bin', 'biome')
  const { stdout, stderr } = spawnSync(biome, ['lint', '--reporter=json', '--max-diagnostics=none', 'packages'], {
    cwd: folder,
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  })
  expect(stdout, stderr).not.toBe('')
  diagnostics = (JSON.parse(stdout) as { diagnostics: Diagnostic[] }).diagnostics
})

afterAll(() => {
  rmSync(folder, { recursive: true })
})

describe('the linter', () => {
  it.each(fixtures.map(({ rule, path }, i) => [rule, path, i] as const))('fires %s for %s', (rule, path, i) => {
    const message = (fixtures[i] as { message?: string }).message ?? ''
    const found = at(path).filter(({ category }) => category === (rule === 'plugin' ? 'plugin' : `lint/${rule}`))
    expect(found.some((diagnostic) => diagnostic.message.includes(message))).toBe(true)
  })

  it.each(Object.keys(goodFiles))('has nothing against %s', (path) => {
    expect(at(path)).toEqual([])
  })
})

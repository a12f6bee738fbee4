/** docs/REACT.md, and the hooks in README.md: what they show compiles as in an application, and what they say to print is printed. */
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'

const run = promisify(execFile)
const root = join(import.meta.dirname, '..', '..')
const read = (path: string) => readFileSync(join(root, path), 'utf8')
let directory = ''

const blocks = (page: string, language: string) =>
  [...page.matchAll(new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``, 'g'))].map((match) => match[1] as string)

beforeAll(() => {
  // Where packages are found, as in an application beside them.
  directory = mkdtempSync(join(root, 'apps', 'todo', '.joinery-docs-'))
})

afterAll(() => rmSync(directory, { recursive: true, force: true }))

test('every component compiles, strictly', async () => {
  const programs = [...blocks(read('docs/REACT.md'), 'tsx'), ...blocks(read('README.md'), 'tsx')]
  expect(programs.length).toBeGreaterThan(5)
  for (const [i, program] of programs.entries()) writeFileSync(join(directory, `program-${i}.tsx`), program)
  const compilerOptions = {
    target: 'es2023',
    lib: ['es2023', 'dom', 'dom.iterable'],
    module: 'esnext',
    moduleResolution: 'bundler',
    jsx: 'react-jsx',
    strict: true,
    noUncheckedIndexedAccess: true,
    noEmit: true,
    skipLibCheck: true,
    types: [],
  }
  writeFileSync(join(directory, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.tsx'] }))
  const compiled = run(join(root, 'node_modules', '.bin', 'tsc'), ['-p', directory])
  const { stdout } = await compiled.catch((error: { stdout: string }) => error)
  expect(stdout).toBe('')
})

test('every program prints what the page says', async () => {
  const page = read('docs/REACT.md')
  const programs = blocks(page, 'js')
  const outputs = blocks(page, 'text')
  expect(programs.length).toBeGreaterThan(0)
  expect(programs.length).toBe(outputs.length)
  for (const [i, program] of programs.entries()) {
    const file = join(directory, `program-${i}.mjs`)
    writeFileSync(file, program)
    const { stdout } = await run(process.execPath, [file])
    expect(stdout.trim()).toBe(outputs[i]?.trim())
  }
})

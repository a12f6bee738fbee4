import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

/** Pages that promise output: every command and program in them is run, and what it prints is compared. */
const run = promisify(execFile)
const root = join(import.meta.dirname, '..', '..')
let server: ChildProcess
let url = ''
let directory = ''

function blocks(page: string, language: string): string[] {
  const text = readFileSync(join(root, page), 'utf8')
  return [...text.matchAll(new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``, 'g'))].map((match) => match[1] as string)
}

/** What differs from run to run is written as an ellipsis. */
function mask(output: string): string {
  return output.replace(/"(incarnation|storeId|time|requestId)":"[^"]*"/g, '"$1":"…"').trim()
}

beforeAll(async () => {
  directory = mkdtempSync(join(root, '.joinery-readme-'))
  const main = join(root, 'packages/cli/dist/main.js')
  server = spawn(process.execPath, [main, 'serve', '--addr', '127.0.0.1:0', '--store', `sqlite:${directory}/r.sqlite`])
  url = await new Promise<string>((resolve, reject) => {
    let printed = ''
    const look = (chunk: Buffer): void => {
      printed += chunk.toString()
      const match = /listening on (http:\/\/\S+)/.exec(printed)
      if (match !== null) resolve(match[1] as string)
    }
    server.stdout?.on('data', look)
    server.stderr?.on('data', look)
    server.once('exit', () => reject(new Error(printed)))
  })
})

afterAll(async () => {
  server.kill('SIGTERM')
  await new Promise((resolve) => server.once('exit', resolve))
  rmSync(directory, { recursive: true, force: true })
})

describe('README', () => {
  test('the tour by curl prints what it says', async () => {
    const lines = blocks('README.md', 'console').join('\n').split('\n')
    let commands = 0
    for (const [i, line] of lines.entries()) {
      if (!line.startsWith('$ ')) continue
      const command = line.slice(2).replaceAll('localhost:8080', url.replace('http://', ''))
      const { stdout } = await run('bash', ['-c', command])
      expect(mask(stdout), line).toBe(lines[i + 1])
      commands += 1
    }
    expect(commands).toBeGreaterThan(5)
  })
})

describe('programs', () => {
  test.each(['README.md', 'docs/CLIENT.md'])('those of %s print what it says', async (page) => {
    const programs = blocks(page, 'js')
    const outputs = blocks(page, 'text')
    expect(programs.length).toBeGreaterThan(2)
    expect(programs.length).toBe(outputs.length)
    for (const [i, program] of programs.entries()) {
      const file = join(directory, `program-${i}.mjs`)
      writeFileSync(file, program.replaceAll('http://localhost:8080', url))
      const { stdout } = await run(process.execPath, [file], { cwd: root })
      expect(stdout.trim()).toBe((outputs[i] as string).trim())
    }
  })
})

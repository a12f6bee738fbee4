import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { build } from 'esbuild'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startProxy } from '../../packages/client/test/support/proxy.ts'
import { processesOf, startBrowser, type TestBrowser } from '../browser/chromium.ts'
import type { CaseRunner } from '../browser/page-cases.ts'
import { type PageServer, servePage } from '../browser/page-server.ts'
import { casesInPage } from '../browser/remote-cases.ts'
import { defineCases } from './browser/cases.ts'

/** The harness of browser tests, which are worth no more than it is. */
let browser: TestBrowser
let server: PageServer

beforeAll(async () => {
  server = await servePage(new URL('browser/cases-page.ts', import.meta.url))
  browser = await startBrowser()
})

afterAll(async () => {
  await browser.remove()
  await server.close()
})

async function newPage(): Promise<Page> {
  const page = await browser.context.newPage()
  await page.goto(server.url)
  return page
}

test('cases run in the page and are told by name, with message and the line of the source', async () => {
  const page = await newPage()
  const told = new Map<string, () => Promise<void>>()
  const later: (() => void)[] = []
  const runner: CaseRunner = {
    // As vitest does: what is inside is looked at when what is around it is done.
    describe: (_, define) => later.push(define),
    test: Object.assign((name: string, run: () => Promise<void>) => told.set(name, run), {
      skip: (name: string) => told.set(`${name} is skipped`, async () => undefined),
    }),
  }
  defineCases(casesInPage({ runner, page: () => page, server: () => server }))
  for (let next = later.shift(); next; next = later.shift()) next()
  expect([...told.keys()].toSorted()).toEqual(['fails', 'passes in a page', 'skipped is skipped'])
  await told.get('passes in a page')!()
  const failure = await told.get('fails')!().catch((error: unknown) => error as Error)
  expect(failure).toMatchObject({ message: 'one too many' })
  expect((failure as Error).stack).toMatch(
    /RangeError: one too many\n +at \/[^\n]*scripts\/test\/browser\/cases\.ts:12:13\n/,
  )
})

test('after a crash no process is left, and the profile keeps what was stored', async () => {
  const page = await newPage()
  await page.evaluate(
    () =>
      new Promise<void>((resolve) => {
        const request = indexedDB.open('kept', 1)
        request.onupgradeneeded = () => request.result.createObjectStore('store').put('value', 'key')
        request.onsuccess = () => resolve()
      }),
  )
  const { pid } = browser
  expect(processesOf(pid).length).toBeGreaterThan(2)
  await browser.crash()
  expect(processesOf(pid)).toEqual([])
  expect(browser.isRunning).toBe(false)
  await browser.start()
  const names = await (await newPage()).evaluate(async () => (await indexedDB.databases()).map(({ name }) => name))
  expect(names).toEqual(['kept'])
})

test('a page behind a proxy loses its server when the line is cut', async () => {
  const proxy = await startProxy(server.port)
  const page = await browser.context.newPage()
  await page.goto(proxy.url)
  const status = () =>
    page.evaluate(() =>
      fetch('/page.js', { cache: 'no-store' }).then(
        (response) => response.status,
        () => 'cut',
      ),
    )
  expect(await status()).toBe(200)
  proxy.cut()
  expect(await status()).toBe('cut')
  proxy.restore()
  expect(await status()).toBe(200)
  await page.close()
  await proxy.close()
})

test('no browser outlives a test process that is killed', async () => {
  const directory = mkdtempSync(join(import.meta.dirname, '..', '..', '.joinery-browser-'))
  try {
    const outfile = join(directory, 'chromium.mjs')
    const entryPoints = [join(import.meta.dirname, '..', 'browser', 'chromium.ts')]
    await build({ entryPoints, outfile, bundle: true, packages: 'external', platform: 'node', format: 'esm' })
    const script = `import { startBrowser } from ${JSON.stringify(outfile)}; console.log((await startBrowser()).pid)`
    // Where the profile goes that nobody is left to remove.
    const env = { ...process.env, TMPDIR: directory }
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [line] = await once(child.stdout, 'data')
    const pid = Number(line)
    expect(processesOf(pid).length).toBeGreaterThan(2)
    child.kill('SIGKILL')
    const until = Date.now() + 20_000
    while (processesOf(pid).length > 0 && Date.now() < until) await delay(50)
    expect(processesOf(pid)).toEqual([])
  } finally {
    rmSync(directory, { recursive: true, force: true, maxRetries: 10 })
  }
})

test('without Chromium the tests fail and say how to get it', async () => {
  const { PATH, JOINERY_CHROMIUM } = process.env
  try {
    process.env.PATH = '/nowhere'
    delete process.env.JOINERY_CHROMIUM
    const isMac = existsSync('/Applications')
    if (!isMac) await expect(startBrowser()).rejects.toThrow('apt-get install --no-install-recommends chromium')
    process.env.JOINERY_CHROMIUM = process.execPath
    await expect(startBrowser()).rejects.toThrow('Chromium did not start')
  } finally {
    process.env.PATH = PATH
    if (JOINERY_CHROMIUM === undefined) delete process.env.JOINERY_CHROMIUM
    else process.env.JOINERY_CHROMIUM = JOINERY_CHROMIUM
  }
})

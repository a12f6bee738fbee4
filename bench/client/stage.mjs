/** A real browser, a page and a server process, as the tests have them. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const pathOf = (name) => fileURLToPath(new URL(name, import.meta.url))

async function bundled(entry, options) {
  const { outputFiles } = await build({
    entryPoints: [pathOf(entry)],
    bundle: true,
    write: false,
    format: 'esm',
    ...options,
  })
  return outputFiles[0].text
}

/** Isolated, so that the clock of the page is exact. */
async function servePage() {
  const code = await bundled('page.mjs', { platform: 'browser', target: 'es2022', minify: true })
  const page = '<!doctype html><meta charset="utf-8"><title>bench</title><script type="module" src="/page.js"></script>'
  const server = createServer((request, response) => {
    const isScript = request.url === '/page.js'
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html')
    response.setHeader('cross-origin-opener-policy', 'same-origin')
    response.setHeader('cross-origin-embedder-policy', 'require-corp')
    response.end(isScript ? code : page)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { url: `http://127.0.0.1:${server.address().port}`, close: () => server.close() }
}

async function startServer(directory, origin) {
  const main = pathOf('../../packages/cli/dist/main.js')
  const flags = [
    '--addr',
    '127.0.0.1:0',
    '--store',
    `sqlite:${join(directory, 'server.sqlite')}`,
    '--allow-origin',
    origin,
  ]
  const child = spawn(process.execPath, [main, 'serve', ...flags], { stdio: ['ignore', 'pipe', 'ignore'] })
  for await (const line of createInterface({ input: child.stdout })) {
    const url = /listening on (https?:\/\/\S+)/.exec(line)?.[1]
    if (url === undefined) continue
    child.stdout.resume()
    return { url, stop: () => new Promise((resolve) => child.once('exit', resolve).kill('SIGTERM')) }
  }
  throw new Error('the server did not start')
}

/** Runs with a stage that is gone afterwards. */
export async function onStage(run) {
  const directory = mkdtempSync(join(tmpdir(), 'joinery-bench-client-'))
  const pages = await servePage()
  const server = await startServer(directory, pages.url)
  const { startBrowser } = await loadHarness()
  const browser = await startBrowser()
  try {
    return await run({
      url: server.url,
      browser,
      version: browser.browser.version(),
      /** A page that runs `page.mjs`, in a profile of its own unless a context is given. */
      async newPage(context) {
        const page = await (context ?? (await browser.browser.newContext())).newPage()
        await page.goto(pages.url)
        return page
      },
    })
  } finally {
    await browser.remove()
    await server.stop()
    pages.close()
    rmSync(directory, { recursive: true, force: true })
  }
}

/** The harness of the tests is TypeScript. */
async function loadHarness() {
  const outfile = join(pathOf('.'), `.harness-${process.pid}.mjs`)
  await build({
    entryPoints: [pathOf('../../scripts/browser/chromium.ts')],
    outfile,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
  })
  try {
    return await import(outfile)
  } finally {
    rmSync(outfile, { force: true })
  }
}

export const call = (page, name, ...args) =>
  page.evaluate(([method, values]) => globalThis.bench[method](...values), [name, args])

/**
 * Serves one page: a script of the repository with all that it imports, from source.
 */
import { once } from 'node:events'
import { createServer } from 'node:http'
import { SourceMap } from 'node:module'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

export interface PageServer {
  readonly port: number
  /** The page. The loopback counts as secure, so the page has all that the browser has. */
  readonly url: string
  /** A frame of the script as the page names it, as one of the source that it was made from. */
  original(frame: { readonly line: number; readonly column: number }): string | undefined
  close(): Promise<void>
}

const page = '<!doctype html><meta charset="utf-8"><title>test</title><script type="module" src="/page.js"></script>'

/** Bundles the script and serves it on a free port of the loopback. */
export async function servePage(script: URL): Promise<PageServer> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(script)],
    bundle: true,
    write: false,
    outdir: '/',
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    // Packages of the workspace run from source, as they do under vitest.
    conditions: ['@joinery/source'],
    jsx: 'automatic',
    sourcemap: 'external',
    logLevel: 'silent',
  })
  const textOf = (ending: string) => outputFiles.find(({ path }) => path.endsWith(ending))!.text
  const code = textOf('.js')
  const server = createServer((request, response) => {
    const isScript = request.url === '/page.js'
    // A page that is not there stays that: Chromium asks for an icon.
    response.statusCode = isScript || request.url === '/' ? 200 : 404
    response.setHeader('content-type', isScript ? 'text/javascript; charset=utf-8' : 'text/html; charset=utf-8')
    response.setHeader('cache-control', 'no-store')
    response.end(response.statusCode === 404 ? '' : isScript ? code : page)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const map = new SourceMap(JSON.parse(textOf('.map')))
  return {
    port,
    url: `http://127.0.0.1:${port}/`,
    original({ line, column }) {
      const entry = map.findEntry(line - 1, column - 1)
      return 'originalSource' in entry
        ? `${join('/', entry.originalSource)}:${entry.originalLine + 1}:${entry.originalColumn + 1}`
        : undefined
    },
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

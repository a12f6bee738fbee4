/** A browser, a server of pages and a Joinery server behind a line that can be cut, for the tests of one file. */
import { createHash } from 'node:crypto'
import type { BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll } from 'vitest'
import { startBrowser, type TestBrowser } from '../../../../scripts/browser/chromium.ts'
import { type PageServer, servePage } from '../../../../scripts/browser/page-server.ts'
import { schema } from '../live/edits.mjs'
import { open, until } from '../live/support.ts'
import { type CuttableLine, startProxy } from '../support/proxy.ts'
import { type ServerProcess, startServer } from '../support/server-process.ts'
import type { PageState, SdkPage, StartOptions } from './sdk-page.ts'

/** A page as the tests call it: what it throws, they throw. */
export interface Tab extends SdkPage {
  readonly page: Page
  /** Loads the page anew, as a user does; nothing is closed before. */
  reload(): Promise<void>
  /** Closes the page, as a user does. */
  leave(): Promise<void>
  /** Waits until what it shows is so. */
  until(holds: (state: PageState) => boolean, what: string): Promise<PageState>
}

/** Makes a tab of a page that runs `sdk-page.ts`. */
export function tabOf(page: Page): Tab {
  const call =
    (name: keyof SdkPage) =>
    (...args: unknown[]): Promise<never> =>
      page.evaluate(
        ([method, values]) => {
          const { sdk } = globalThis as unknown as { sdk: Record<string, (...all: unknown[]) => unknown> }
          return (sdk[method as string] as (...all: unknown[]) => unknown)(...(values as unknown[])) as never
        },
        [name, args] as const,
      )
  const names = [
    ...(['start', 'edit', 'scribble', 'saved', 'durable', 'discard', 'state', 'close'] as const),
    ...(['sockets', 'present', 'others', 'undo', 'run', 'stop', 'forget', 'holdWrites', 'releaseWrites'] as const),
  ]
  const calls = Object.fromEntries(names.map((name) => [name, call(name)])) as unknown as SdkPage
  return {
    ...calls,
    page,
    reload: async () => void (await page.reload()),
    leave: () => page.close(),
    async until(holds, what) {
      const end = Date.now() + 30_000
      for (;;) {
        const state = await calls.state()
        if (holds(state)) return state
        if (Date.now() > end) throw new Error(`not in time: ${what}: ${JSON.stringify(state)}`)
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    },
  }
}

export interface SdkPages {
  readonly browser: () => TestBrowser
  readonly server: () => ServerProcess
  readonly line: () => CuttableLine
  readonly pageUrl: () => string
  newTab(context?: BrowserContext, url?: string): Promise<Tab>
  /** Opens a page and starts the SDK in it, over the line. */
  started(options: Partial<StartOptions> & Pick<StartOptions, 'nodeId' | 'database'>): Promise<Tab>
  /** What the server has of a document. */
  stored(id: string): Promise<Pick<PageState, 'hash' | 'items' | 'visits'>>
}

/** The same pages under another origin, which has storage of its own. */
export function otherOrigin(url: string): string {
  return url.replace('127.0.0.1', 'localhost')
}

export function sdkPages(): SdkPages {
  let browser: TestBrowser
  let pages: PageServer
  let server: ServerProcess
  let line: CuttableLine
  beforeAll(async () => {
    pages = await servePage(new URL('sdk-page.ts', import.meta.url))
    const origins = [pages.url, otherOrigin(pages.url)].map((url) => url.replace(/\/$/, ''))
    server = await startServer(
      'memory:',
      0,
      origins.flatMap((origin) => ['--allow-origin', origin]),
    )
    line = await startProxy(server.port)
    browser = await startBrowser()
  })
  afterAll(async () => {
    await browser?.remove()
    await line?.close()
    await server?.stop()
    await pages?.close()
  })
  const newTab = async (context = browser.context, url = pages.url): Promise<Tab> => {
    const page = await context.newPage()
    await page.goto(url)
    return tabOf(page)
  }
  return {
    browser: () => browser,
    server: () => server,
    line: () => line,
    pageUrl: () => pages.url,
    newTab,
    async started(options) {
      const tab = await newTab()
      const code = await tab.start({ url: line.url, ...options })
      if (code !== undefined) throw new Error(`did not start: ${code}`)
      return tab
    },
    async stored(id) {
      const client = open(server.url, `reader-${id}`)
      const doc = client.open(id, schema)
      await until(() => doc.status.connection === 'live', 'the reader')
      const hash = createHash('sha256').update(doc.snapshot()).digest('hex')
      const found = { hash, items: doc.root.items.toJSON() as string[], visits: Number(doc.root.visits.value) }
      await client.close()
      return found
    },
  }
}

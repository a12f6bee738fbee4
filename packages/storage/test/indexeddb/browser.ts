import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll } from 'vitest'
import { startBrowser, type TestBrowser } from '../../../../scripts/browser/chromium.ts'
import { type PageServer, servePage } from '../../../../scripts/browser/page-server.ts'

export interface StorePages {
  /** A page that runs `store-page.ts`, in the browser's own context unless another is given. */
  readonly newPage: (where?: { readonly context?: BrowserContext; readonly url?: string }) => Promise<Page>
  readonly server: () => PageServer
  /** Another server, whose pages have an origin of their own. */
  readonly newServer: () => Promise<PageServer>
  readonly running: () => TestBrowser
  readonly browser: () => Browser
}

/** A browser and a server of pages for the tests of one file. */
export function storePages(flags: readonly string[] = []): StorePages {
  let testBrowser: TestBrowser
  let server: PageServer
  const servers: PageServer[] = []
  const newServer = async () => {
    const started = await servePage(new URL('store-page.ts', import.meta.url))
    servers.push(started)
    return started
  }
  beforeAll(async () => {
    server = await newServer()
    testBrowser = await startBrowser({ flags })
  })
  afterAll(async () => {
    await testBrowser?.remove()
    for (const one of servers) await one.close()
  })
  return {
    async newPage({ context = testBrowser.context, url = server.url } = {}) {
      const page = await context.newPage()
      await page.goto(url)
      return page
    },
    server: () => server,
    newServer,
    running: () => testBrowser,
    browser: () => testBrowser.browser,
  }
}

import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { startBrowser, type TestBrowser } from '../../../scripts/browser/chromium.ts'
import { type PageServer, servePage } from '../../../scripts/browser/page-server.ts'
import { casesInPage } from '../../../scripts/browser/remote-cases.ts'
import { testStore } from '../src/testing.ts'
import { suiteOptions } from './indexeddb/suite-options.ts'

let browser: TestBrowser
let server: PageServer
let page: Page

beforeAll(async () => {
  server = await servePage(new URL('indexeddb/suite-page.ts', import.meta.url))
  browser = await startBrowser()
  page = await browser.context.newPage()
  await page.goto(server.url)
})

afterAll(async () => {
  await browser.remove()
  await server.close()
})

testStore({
  ...suiteOptions(process.env.JOINERY_SOAK !== undefined),
  runner: casesInPage({ runner: { describe, test }, page: () => page, server: () => server }),
  open: () => Promise.reject(new Error('the store is in the page')),
})

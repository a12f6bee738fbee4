import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { startBrowser, type TestBrowser } from '../../../scripts/browser/chromium.ts'
import { type PageServer, servePage } from '../../../scripts/browser/page-server.ts'
import { killCases } from './crash/kill-cases.ts'
import type { Writer } from './crash/writer-process.ts'
import { openIn } from './indexeddb/remote-store.ts'
import type { StorePage } from './indexeddb/store-page.ts'

let browser: TestBrowser
let server: PageServer

beforeAll(async () => {
  server = await servePage(new URL('indexeddb/store-page.ts', import.meta.url))
  browser = await startBrowser()
})

afterAll(async () => {
  await browser.remove()
  await server.close()
})

async function newPage(): Promise<Page> {
  if (!browser.isRunning) await browser.start()
  return browser.context.newPage()
}

const name = 'crash'

describe('a killed browser', () => {
  killCases({
    kills: { usual: 3, soak: 30 },
    writesMsMax: 1_500,
    async start(dice, journal): Promise<Writer> {
      const page = await newPage()
      const { promise: opened, resolve: tellOpened } = deferred()
      const { promise: committed, resolve: tellCommitted } = deferred()
      const before = journal.commits
      // The page waits for the answer, so at most one step of each of its writers is stored and not reported.
      await page.exposeFunction('report', (line: Parameters<typeof journal.add>[0]) => {
        journal.add(line)
        tellOpened()
        if (journal.commits > before) tellCommitted()
      })
      let failure: unknown
      const seed = dice(2 ** 31)
      const writing = page
        .goto(server.url)
        .then(() =>
          page.evaluate(
            ([database, from]) => (globalThis as unknown as { storePage: StorePage }).storePage.write(database, from),
            [name, seed] as const,
          ),
        )
        .catch((error) => {
          failure = error
          tellOpened()
          tellCommitted()
        })
      return {
        opened,
        committed,
        async kill() {
          // A writer that ended by itself has failed.
          expect(failure).toBeUndefined()
          await browser.crash()
          await writing
        },
      }
    },
    async open() {
      const page = await newPage()
      await page.goto(server.url)
      const store = await openIn(page, { name })
      return {
        ...store,
        async close() {
          await store.close()
          await page.close()
        },
      }
    },
  })
})

function deferred() {
  let resolve!: () => void
  const promise = new Promise<void>((settle) => {
    resolve = settle
  })
  return { promise, resolve }
}

/** Somebody with a browser of their own in front of the app, and what they do there. */
import type { BrowserContext, BrowserContextOptions, Page } from 'playwright-core'
import { expect } from 'vitest'
import type { TestBrowser } from '../../../scripts/browser/chromium.ts'

export interface Somebody {
  readonly page: Page
  readonly context: BrowserContext
  /** What the browser complained about: errors of scripts, and what the policy of the page forbids. */
  readonly complaints: string[]
}

const wide = { width: 1100, height: 800 }

/** Opens an address in a browser with a store of its own. */
export async function come(
  browser: TestBrowser,
  url: string,
  { name = 'Ann', ...options }: BrowserContextOptions & { readonly name?: string } = {},
): Promise<Somebody> {
  const context = await browser.browser.newContext({ viewport: wide, reducedMotion: 'reduce', ...options })
  await context.addInitScript((is) => localStorage.setItem('name', is), name)
  context.setDefaultTimeout(15_000)
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    // Without its server a browser complains of connections, as it should.
    if (message.type() === 'error' && !/ERR_CONNECTION|ERR_FAILED|WebSocket/.test(message.text())) {
      complaints.push(message.text())
    }
  })
  await page.goto(url)
  return { page, context, complaints }
}

export const titles = (page: Page): Promise<string[]> =>
  page.locator('.items[aria-label="To do"] .title-text').allTextContents()

/** Waits until the list is as expected. */
export async function listIs(page: Page, expected: readonly string[]): Promise<void> {
  await expect.poll(() => titles(page), { timeout: 15_000 }).toEqual(expected)
}

export async function statusIs(page: Page, text: string | RegExp): Promise<void> {
  await expect.poll(() => page.locator('.status').textContent(), { timeout: 15_000 }).toMatch(text)
}

/** Waits until edits are kept on the device. */
export async function kept(page: Page): Promise<void> {
  await page.waitForSelector('[role="status"][aria-busy="false"]')
}

/** Makes a list of one's own, and answers its address. */
export async function begin(page: Page, name: string, items: readonly string[]): Promise<string> {
  await page.getByRole('button', { name: 'New list' }).click()
  const field = page.getByRole('textbox', { name: 'Name of the list' })
  await page.waitForFunction(() => document.querySelector<HTMLInputElement>('.list-name input')?.readOnly === false)
  await field.fill(name)
  await field.press('Enter')
  const add = page.getByRole('textbox', { name: 'Add an item' })
  for (const item of items.toReversed()) {
    await add.fill(item)
    await add.press('Enter')
  }
  await listIs(page, items)
  return page.url()
}

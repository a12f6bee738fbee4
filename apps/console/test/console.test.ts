/**
 * The page of a cluster in a real Chromium, with two nodes behind it. `JOINERY_SCREENSHOTS=1` writes those of the docs.
 */
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { AxeBuilder } from '@axe-core/playwright'
import { type Cluster, serveCluster } from '@joinery/cluster'
import type { RunningHost } from '@joinery/http'
import { pino } from 'pino'
import type { BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { converged, scheduler, testNetwork, until } from '../../../packages/cluster/test/clusters.ts'
import { startBrowser, type TestBrowser } from '../../../scripts/browser/chromium.ts'

const FOLDER = fileURLToPath(new URL('../../../packages/cli/dist/console', import.meta.url))
const IMAGES = fileURLToPath(new URL('../../../docs/images/', import.meta.url))

let browser: TestBrowser
const hosts: RunningHost[] = []
const complaints: string[] = []
const contexts: BrowserContext[] = []

beforeAll(async () => {
  if (!existsSync(FOLDER)) throw new Error(`${FOLDER} is missing: run npm run build first`)
  browser = await startBrowser()
})

afterEach(async () => {
  await Promise.all(contexts.splice(0).map((context) => context.close()))
  await Promise.all(hosts.splice(0).map((host) => host.close()))
  expect(complaints.splice(0)).toEqual([])
})

afterAll(async () => {
  await browser?.remove()
})

async function serve(cluster: Cluster, key?: string): Promise<RunningHost> {
  const host = await serveCluster({
    cluster,
    address: '127.0.0.1:0',
    keys: { required: () => key !== undefined, isValid: (sent) => sent === key },
    logger: pino({ level: 'silent' }),
    metrics: { text: async () => '' },
    random: randomBytes,
    now: () => performance.now(),
    scheduler,
    version: '0',
    site: { folder: FOLDER, pages: [] },
  })
  hosts.push(host)
  return host
}

interface Stage {
  readonly paris: Cluster
  readonly tokyo: Cluster
  readonly page: Page
}

/** Two nodes with some machines, and the page of the first. */
async function stage(options: { readonly colorScheme?: 'light' | 'dark'; readonly key?: string } = {}): Promise<Stage> {
  const network = testNetwork()
  const usage = () => ({ cpu: 0.31, memory: 0.62, disk: 0.4 })
  const quick = { limits: { heartbeatMs: 200 }, replication: { presenceMs: 50 } }
  const paris = await network.start({ nodeId: 'paris', region: 'eu', usage, ...quick })
  const tokyo = await network.start({ nodeId: 'tokyo', region: 'asia', usage, ...quick })
  tokyo.join(paris.status().address)
  const all = Array.from({ length: 120 }, (_, i) => `web-${String(i).padStart(3, '0')}`)
  await paris.updateVms(
    new Map(all.map((id, i) => [id, { status: i % 5 === 0 ? 'stopped' : 'running', cpuCores: 4, memoryMb: 8192 }])),
  )
  await until(() => paris.getNode('tokyo') !== undefined, 'they met')
  for (const [i, id] of all.slice(0, 12).entries()) await paris.assignVm(id, i % 2 === 0 ? 'paris' : 'tokyo')
  await converged([paris, tokyo])
  const host = await serve(paris, options.key)
  const context = await browser.browser.newContext({
    viewport: { width: 1180, height: 820 },
    ...(options.colorScheme !== undefined && { colorScheme: options.colorScheme }),
  })
  contexts.push(context)
  const page = await context.newPage()
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    // Without its node, or without a key, a browser complains of requests, as it should.
    const isExpected = options.key !== undefined && /401|ERR_/.test(message.text())
    if (message.type() === 'error' && !isExpected) complaints.push(message.text())
  })
  await page.goto(host.url)
  if (options.key === undefined) await page.getByRole('status').filter({ hasText: 'Live' }).waitFor()
  return { paris, tokyo, page }
}

async function accessible(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze()
  expect(violations.map(({ id, nodes }) => [id, nodes[0]?.html])).toEqual([])
}

async function picture(page: Page, name: string): Promise<void> {
  if (process.env.JOINERY_SCREENSHOTS) await page.screenshot({ path: `${IMAGES}${name}.png` })
}

/** The page reads at most so often, and the machine may be busy. */
const shows = <T>(read: () => Promise<T>) => expect.poll(read, { timeout: 15_000 })

const rows = (page: Page) => page.getByRole('table', { name: 'Virtual machines' }).locator('tbody tr')

it('tells at a glance what there is, and what changes as it does', async () => {
  const { tokyo, page } = await stage()
  const machines = page.locator('.tile', { hasText: 'Machines' }).locator('dd')
  await shows(() => machines.textContent()).toMatch(/^120/)
  await expect
    .poll(() => page.locator('.tile', { hasText: 'Nodes alive' }).locator('dd').textContent())
    .toMatch(/^2of 2/)
  await shows(() => page.locator('.pairs .badge.good').count()).toBe(2)
  await picture(page, 'cluster-light')
  await accessible(page)
  await tokyo.updateVm('db-1', { status: 'running' })
  await shows(() => machines.textContent()).toMatch(/^121/)
})

it('finds machines by name, status, region and node, also with the keyboard alone', async () => {
  const { paris, page } = await stage()
  await page.keyboard.press('2')
  await shows(() => rows(page).count()).toBe(100)
  await page.getByRole('button', { name: 'Show more' }).click()
  await shows(() => rows(page).count()).toBe(120)
  await page.keyboard.press('/')
  await page.keyboard.type('web-00')
  await shows(() => rows(page).count()).toBe(10)
  await page.getByRole('combobox', { name: 'Region' }).selectOption('asia')
  await shows(() => rows(page).count()).toBe(5)
  await page.getByRole('searchbox', { name: 'Status' }).fill('stopped')
  await shows(() => rows(page).locator('th').allTextContents()).toEqual(['web-005'])
  await accessible(page)
  // What changes elsewhere shows without a click.
  await paris.updateVm('web-007', { status: 'stopped' })
  await shows(() => rows(page).locator('th').allTextContents()).toEqual(['web-005', 'web-007'])
  await page.getByRole('button', { name: 'web-007' }).press('Enter')
  const dialog = page.getByRole('dialog', { name: 'web-007' })
  await shows(() => dialog.getByRole('row', { name: /^status stopped paris/ }).count()).toBe(1)
  await accessible(page)
  await page.keyboard.press('Escape')
  await shows(() => dialog.count()).toBe(0)
})

it('shows what was written at once, what won and why', async () => {
  const { paris, tokyo, page } = await stage({ colorScheme: 'dark' })
  tokyo.isolate(true)
  await paris.assignVm('web-001', 'paris')
  await tokyo.assignVm('web-001', 'tokyo')
  tokyo.isolate(false)
  await until(() => paris.conflicts().length > 0, 'they met')
  await page.getByRole('link', { name: /Conflicts 1/ }).click()
  const row = page.getByRole('row', { name: /web-001 assignment/ })
  await shows(() => row.textContent()).toMatch(/node.*tokyo.*paris.*it is later/)
  await picture(page, 'cluster-dark')
  await accessible(page)
  await page.keyboard.press('3')
  await shows(() => page.getByRole('row', { name: /^tokyo asia active alive/ }).count()).toBe(1)
  await accessible(page)
})

it('asks for a key where one is needed, says when the node is gone, and comes back with it', async () => {
  const { page } = await stage({ key: 'secret' })
  await page.getByLabel('This node asks for an API key').fill('secret')
  await page.getByRole('button', { name: 'Use it while this page is open' }).click()
  await page.getByRole('status').filter({ hasText: 'Live' }).waitFor()
  expect(await page.evaluate(() => JSON.stringify([localStorage, sessionStorage, document.cookie]))).toBe('[{},{},""]')
  await hosts.splice(0)[0]?.close()
  await page.getByRole('status').filter({ hasText: 'does not answer' }).waitFor()
})

it('fits a narrow window', async () => {
  const { page } = await stage()
  await page.setViewportSize({ width: 390, height: 780 })
  await page.locator('.tile').first().waitFor()
  for (const view of ['summary', 'machines', 'nodes', 'conflicts']) {
    await page.evaluate((hash) => {
      location.hash = hash
    }, view)
    await shows(() => page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390)
  }
})

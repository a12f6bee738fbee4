/** The app as `joinery serve --demo` serves it, in real browsers. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AxeBuilder } from '@axe-core/playwright'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type ServerProcess, startServer } from '../../../packages/client/test/support/server-process.ts'
import { startBrowser, type TestBrowser } from '../../../scripts/browser/chromium.ts'
import { begin, come, kept, listIs, type Somebody, statusIs, titles } from './people.ts'

let browser: TestBrowser
let server: ServerProcess
let directory: string
const here: Somebody[] = []

const start = (port = 0) => startServer(`sqlite:${join(directory, 'todo.sqlite')}`, port, ['--demo'])

async function visit(path = '/', options: Parameters<typeof come>[2] = {}): Promise<Somebody> {
  const url = path.startsWith('http') ? path : `${server.url}${path}`
  const somebody = await come(browser, url, options)
  here.push(somebody)
  return somebody
}

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'joinery-todo-app-'))
  server = await start()
  browser = await startBrowser()
})

afterEach(async () => {
  if (!server.isRunning) server = await start(server.port)
  const complaints = here.flatMap((each) => each.complaints)
  for (const { context } of here.splice(0)) await context.close()
  expect(complaints).toEqual([])
})

afterAll(async () => {
  await browser?.remove()
  await server?.stop()
  rmSync(directory, { recursive: true, force: true })
})

const seeded = [
  'Confirm the cabin for Friday',
  'Look at the forecast on Thursday evening',
  'Coffee, and something to make it with',
  'Breakfast for four',
  'Charcoal and matches',
  'Borrow the canoe straps from Ida',
  'Torches with batteries that work',
]

const addItem = async (page: Page, text: string) => {
  await page.getByRole('textbox', { name: 'Add an item' }).fill(text)
  await page.getByRole('textbox', { name: 'Add an item' }).press('Enter')
}

describe('two windows', () => {
  it('begin with the same list, and see what the other does and who it is', async () => {
    const ann = await visit('/', { name: 'Ann Lee' })
    const bo = await visit('/', { name: 'Bo Chen' })
    await listIs(ann.page, seeded)
    await listIs(bo.page, seeded)
    expect(await ann.page.locator('.progress').textContent()).toBe('2 of 9 done')
    await ann.page.getByRole('img', { name: 'Bo Chen' }).waitFor()
    await addItem(ann.page, 'Sun cream #gear #before')
    await listIs(bo.page, ['Sun cream', ...seeded])
    const row = bo.page.locator('.item', { hasText: 'Sun cream' })
    expect(await row.locator('.tag').allTextContents()).toEqual(['Show only before', 'Show only gear'])
    await row.getByRole('checkbox').click()
    await listIs(ann.page, seeded)
    await statusIs(ann.page, /^Saved$/)
    // Whoever did something has joined, and is remembered when they go.
    await bo.context.close()
    await ann.page.getByRole('img', { name: 'Bo Chen, not here now' }).waitFor()
    await ann.page.locator('summary').click()
    await ann.page.locator('.item', { hasText: 'Sun cream' }).hover()
    await ann.page.getByRole('button', { name: 'Remove Sun cream' }).click()
    expect(await ann.page.locator('.toast').textContent()).toContain('Removed “Sun cream”')
  })

  it('write the notes of one item at once, and see each other’s carets', async () => {
    const ann = await visit('/', { name: 'Ann Lee' })
    const link = await begin(ann.page, 'Dinner', ['Cook'])
    const bo = await visit(link, { name: 'Bo Chen' })
    const notes = async ({ page }: Somebody) => {
      await page.getByRole('button', { name: /^Cook/ }).click()
      const field = page.getByRole('textbox', { name: 'Notes' })
      await field.waitFor()
      return field
    }
    const [his, hers] = [await notes(bo), await notes(ann)]
    await hers.pressSequentially('Soup first')
    await expect.poll(() => his.inputValue()).toBe('Soup first')
    await his.press('Control+End')
    await his.pressSequentially(', then fish')
    await expect.poll(() => hers.inputValue()).toBe('Soup first, then fish')
    await ann.page.locator('.caret-name', { hasText: 'Bo Chen' }).waitFor()
    // She goes on where she was.
    await hers.pressSequentially(' of all')
    await expect.poll(() => his.inputValue()).toBe('Soup first of all, then fish')
    await ann.page.keyboard.press('Escape')
    await ann.page.waitForFunction(() => document.activeElement?.classList.contains('row-title'))
    await bo.page.locator('.caret').waitFor({ state: 'detached' })
  })

  it('take back their own edits only', async () => {
    const ann = await visit()
    const link = await begin(ann.page, 'Shop', ['Milk'])
    const bo = await visit(link, { name: 'Bo' })
    await listIs(bo.page, ['Milk'])
    await addItem(ann.page, 'Bread')
    await listIs(bo.page, ['Bread', 'Milk'])
    await addItem(bo.page, 'Eggs')
    await listIs(ann.page, ['Eggs', 'Bread', 'Milk'])
    await ann.page.locator('body').click({ position: { x: 700, y: 700 } })
    await ann.page.keyboard.press('Control+z')
    await listIs(bo.page, ['Eggs', 'Milk'])
    await ann.page.getByRole('button', { name: 'Redo' }).click()
    await listIs(bo.page, ['Eggs', 'Bread', 'Milk'])
    // What was removed comes back whole, and to its place.
    await bo.page.getByRole('button', { name: 'Remove Bread' }).click()
    await listIs(ann.page, ['Eggs', 'Milk'])
    await bo.page.locator('.toast').getByRole('button', { name: 'Undo' }).click()
    await listIs(ann.page, ['Eggs', 'Bread', 'Milk'])
    await bo.page.getByRole('button', { name: 'Undo' }).click()
    await listIs(ann.page, ['Bread', 'Milk'])
    expect(await bo.page.getByRole('button', { name: 'Undo' }).isDisabled()).toBe(true)
  })
})

describe('order', () => {
  it('changes by the keyboard, tells so, and the focus stays', async () => {
    const ann = await visit()
    const link = await begin(ann.page, 'Order', ['one', 'two', 'three'])
    const bo = await visit(link)
    await listIs(bo.page, ['one', 'two', 'three'])
    await ann.page.getByRole('button', { name: 'Move one', exact: true }).focus()
    await ann.page.keyboard.press('ArrowDown')
    await listIs(bo.page, ['two', 'one', 'three'])
    await ann.page.keyboard.press('ArrowDown')
    await listIs(bo.page, ['two', 'three', 'one'])
    await ann.page.keyboard.press('ArrowDown')
    await listIs(ann.page, ['two', 'three', 'one'])
    const focused = () => ann.page.evaluate(() => document.activeElement?.getAttribute('aria-label'))
    expect(await focused()).toBe('Move one')
    expect(await ann.page.locator('.spoken[role=status]').textContent()).toBe('one: place 3 of 3')
    await ann.page.getByRole('button', { name: 'three', exact: true }).focus()
    await ann.page.keyboard.press('Alt+ArrowUp')
    await listIs(bo.page, ['three', 'two', 'one'])
    expect(await ann.page.evaluate(() => document.activeElement?.textContent)).toBe('three')
  })

  it('changes by dragging, and not when that is given up', async () => {
    const { page } = await visit()
    await begin(page, 'Drag', ['one', 'two', 'three', 'four'])
    const drag = async (from: string, to: string) => {
      const grip = (await page.getByRole('button', { name: `Move ${from}`, exact: true }).boundingBox())!
      const row = (await page.locator('.item', { hasText: to }).boundingBox())!
      await page.mouse.move(grip.x + grip.width / 2, grip.y + grip.height / 2)
      await page.mouse.down()
      await page.mouse.move(grip.x + grip.width / 2, row.y + row.height / 2, { steps: 6 })
      await page.waitForFunction(() => document.querySelector('.is-taken[style*=transform]'))
    }
    // Where rows are is asked for once they are there.
    const settled = () => page.waitForFunction(() => !document.querySelector('.is-taken, .item[style*=transform]'))
    await drag('one', 'three')
    await page.mouse.up()
    await listIs(page, ['two', 'three', 'one', 'four'])
    await drag('four', 'two')
    await page.keyboard.press('Escape')
    await settled()
    await page.mouse.up()
    await drag('four', 'three')
    await page.mouse.up()
    await listIs(page, ['two', 'four', 'three', 'one'])
  })
})

describe('without the server', () => {
  it('opens, is edited and reloaded, and delivers later', async () => {
    const ann = await visit('/', { name: 'Ann' })
    await listIs(ann.page, seeded)
    const link = await begin(ann.page, 'Trip', ['Tickets'])
    await statusIs(ann.page, /^Saved$/)
    await ann.page.waitForFunction(async () => (await navigator.serviceWorker.ready).active?.state === 'activated')
    const port = server.port
    await server.kill()
    await statusIs(ann.page, /^Offline$/)
    await addItem(ann.page, 'Passport')
    await ann.page.getByRole('checkbox', { name: 'Tickets: done' }).click()
    await statusIs(ann.page, /^Offline · 2 unsent$/)

    await kept(ann.page)
    await ann.page.reload()
    await listIs(ann.page, ['Passport'])
    // What was on its way when it was lost may count once more.
    await statusIs(ann.page, /^(Offline|Connecting) · \d+ unsent$/)
    expect(await ann.page.locator('.progress').textContent()).toBe('1 of 2 done')
    await addItem(ann.page, 'Map')
    await listIs(ann.page, ['Map', 'Passport'])
    await kept(ann.page)
    // Another address of the app, as from a bookmark.
    await ann.page.goto(`${server.url}/l/weekend-at-the-lake`)
    await listIs(ann.page, seeded)
    await ann.page.goto(link)
    await listIs(ann.page, ['Map', 'Passport'])

    server = await start(port)
    const bo = await visit(link, { name: 'Bo' })
    await listIs(bo.page, ['Map', 'Passport'])
    expect(await bo.page.locator('.progress').textContent()).toBe('1 of 3 done')
    await statusIs(ann.page, /^Saved$/)
    expect(await titles(bo.page)).toEqual(['Map', 'Passport'])
  })

  it('shows the edits of one tab in the other', async () => {
    const ann = await visit()
    const link = await begin(ann.page, 'Tabs', ['one'])
    await statusIs(ann.page, /^Saved$/)
    const second = await ann.context.newPage()
    await second.goto(link)
    await listIs(second, ['one'])
    const port = server.port
    await server.kill()
    await statusIs(second, /^Offline$/)
    await addItem(second, 'two')
    await listIs(ann.page, ['two', 'one'])
    // The tab that has the storage goes; the other goes on with all there is.
    await ann.page.close()
    await addItem(second, 'three')
    await listIs(second, ['three', 'two', 'one'])
    server = await start(port)
    await second.locator('.status').click()
    await statusIs(second, /^Saved$/)
  })
})

describe('a list', () => {
  it('is opened by its link, and kept by whoever opened it', async () => {
    const ann = await visit()
    await begin(ann.page, 'Garden', ['Water the beans'])
    await ann.page.getByRole('button', { name: 'Share' }).click()
    const link = await ann.page.getByRole('textbox', { name: 'Link to this list' }).inputValue()
    expect(new URL(link).pathname).toMatch(/^\/l\/[a-z2-9]{20}$/)
    await ann.page.keyboard.press('Escape')
    expect(await ann.page.evaluate(() => document.activeElement?.textContent)).toBe('Share')
    const bo = await visit(link)
    await listIs(bo.page, ['Water the beans'])
    expect(await bo.page.title()).toBe('Garden – Lists')
    await bo.page.getByRole('link', { name: 'Garden' }).waitFor()
    await bo.page.goto(server.url)
    await bo.page.getByRole('link', { name: 'Garden' }).waitFor()
    expect(bo.page.url()).toBe(link)
  })

  it('is filled from what is pasted, searched, filtered and cleared', async () => {
    const { page } = await visit()
    await begin(page, 'Paste', [])
    await page.getByText('Nothing here yet').waitFor()
    await page.getByRole('textbox', { name: 'Add an item' }).focus()
    await page.evaluate(() => {
      const data = new DataTransfer()
      data.setData('text/plain', '- [ ] Oats #food\n• Rope #gear\n\n* Lamp oil #gear')
      document.activeElement?.dispatchEvent(
        new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }),
      )
    })
    await listIs(page, ['Oats', 'Rope', 'Lamp oil'])
    await page.keyboard.press('Escape')
    await page.locator('body').click({ position: { x: 700, y: 700 } })
    await page.keyboard.press('/')
    await page.keyboard.type('gear oil')
    await listIs(page, ['Lamp oil'])
    await page.keyboard.type(' zzz')
    await page.getByText('Nothing fits').waitFor()
    await page.getByRole('button', { name: 'Show everything' }).click()
    await page.getByRole('button', { name: 'gear', pressed: false }).first().click()
    await listIs(page, ['Rope', 'Lamp oil'])
    await page.getByRole('checkbox', { name: 'Rope: done' }).click()
    await page.getByRole('button', { name: 'More' }).click()
    await page.keyboard.press('Enter')
    expect(await page.locator('.toast').textContent()).toContain('Removed 1 done')
    await page.getByRole('button', { name: 'gear', pressed: true }).click()
    await listIs(page, ['Oats', 'Lamp oil'])
  })

  it('takes what plain HTTP brings', async () => {
    const { page } = await visit()
    const id = (await begin(page, 'By curl', ['Here'])).split('/').at(-1)!
    const path = ['details', 'x1', 'title']
    const answer = await fetch(`${server.url}/v1/docs/${id}/ops`, {
      method: 'POST',
      headers: { 'X-Tenant-ID': 'todo', 'X-Node-ID': 'curl', 'Content-Type': 'application/json' },
      body: JSON.stringify({
        type: 'doc',
        ops: [
          { path: ['items'], of: 'orset', type: 'add', elem: 'x1' },
          { path, of: ['ormap', 'ormap', 'lww'], set: 'From the terminal' },
        ],
      }),
    })
    expect(answer.status).toBe(200)
    await listIs(page, ['Here', 'From the terminal'])
    await page.getByRole('button', { name: 'Move From the terminal', exact: true }).press('ArrowUp')
    await listIs(page, ['From the terminal', 'Here'])
  })
})

describe('accessibility', () => {
  const check = async (page: Page, what: string) => {
    // There are no frames, for which the other mode opens a page each time.
    const { violations } = await new AxeBuilder({ page }).setLegacyMode(true).analyze()
    const found = violations.map(({ id, nodes }) => `${what}: ${id} ${nodes.map(({ html }) => html).join(' | ')}`)
    expect(found).toEqual([])
  }

  it.each([
    ['light', 1100],
    ['dark', 1100],
    ['light', 380],
    ['dark', 380],
  ] as const)('has no violations: %s, %i wide', async (colorScheme, width) => {
    const { page } = await visit('/', { colorScheme, viewport: { width, height: 800 } })
    await listIs(page, seeded)
    await page.locator('summary').click()
    await page.getByRole('button', { name: /^Breakfast/ }).click()
    await check(page, 'list with an open item')
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'More' }).click()
    if (width > 800) await check(page, 'menu')
    await page.keyboard.press('Escape')
    if (width < 800) await page.getByRole('button', { name: 'Show lists' }).click()
    await page.getByRole('button', { name: /change your name/ }).click()
    await check(page, 'drawer and profile')
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'New list' }).click()
    await page.getByText('Nothing here yet').waitFor()
    await page.getByRole('button', { name: 'Share' }).click()
    await check(page, 'empty list and link')
  })
})

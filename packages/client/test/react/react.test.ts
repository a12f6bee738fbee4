/** The hooks in a real browser: what renders when, what a field does while others write, what is opened and closed. */
import type { Page } from 'playwright-core'
import { renderToString } from 'react-dom/server'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startBrowser, type TestBrowser } from '../../../../scripts/browser/chromium.ts'
import { type PageServer, servePage } from '../../../../scripts/browser/page-server.ts'
import { type ServerProcess, startServer } from '../support/server-process.ts'
import { type Bench, type Screen, screen } from './page.tsx'

declare const bench: Bench

let browser: TestBrowser
let pages: PageServer
let server: ServerProcess
let page: Page
let errors: string[] = []
let id = ''
let ids = 0

beforeAll(async () => {
  pages = await servePage(new URL('page.tsx', import.meta.url))
  server = await startServer('memory:', 0, ['--allow-origin', new URL(pages.url).origin])
  browser = await startBrowser()
})

afterAll(async () => {
  await browser?.remove()
  await server?.stop()
  await pages?.close()
})

beforeEach(async () => {
  ids += 1
  id = `doc-${ids}`
  errors = []
  page = await browser.context.newPage()
  page.on('pageerror', (error) => errors.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error' && !message.text().includes('404')) errors.push(message.text())
  })
  await page.goto(`${pages.url}#${server.url}`)
})

afterEach(async () => {
  await page.close()
})

const show = (name: Screen, of = id) => page.evaluate(([screen, doc]) => bench.show(screen, doc), [name, of] as const)
const textOf = (selector: string) => page.locator(selector).textContent()
const wait = (selector: string, text: string) =>
  page.waitForFunction(([at, is]) => document.querySelector(at!)?.textContent === is, [selector, text])
const renders = () => page.evaluate(() => ({ ...bench.renders }))
const forget = () => page.evaluate(() => bench.forget())
const field = () =>
  page.evaluate(() => {
    const { value, selectionStart, selectionEnd, selectionDirection } =
      document.querySelector<HTMLTextAreaElement>('#field')!
    return { value, start: selectionStart, end: selectionEnd, direction: selectionDirection }
  })
const fieldIs = (value: string) =>
  page.waitForFunction((is) => document.querySelector<HTMLTextAreaElement>('#field')?.value === is, value)

/** Somebody else writes. */
const elsewhere = (edits: readonly (readonly [at: number, removed: number, inserted: string])[]) =>
  page.evaluate(
    async ([doc, all]) => {
      const there = await bench.elsewhere(doc)
      there.change((root) => {
        for (const [at, removed, inserted] of all) {
          root.notes.delete(at, removed)
          root.notes.insert(at, inserted)
        }
      })
      await there.saved()
    },
    [id, edits] as const,
  )
const notesAre = async (text: string) => {
  await page.evaluate((doc) => void bench.elsewhere(doc), id)
  await page.waitForFunction(([doc, is]) => bench.peek(doc!) === is, [id, text])
}
const caret = (start: number, end = start, direction: 'forward' | 'backward' = 'forward') =>
  page.evaluate(
    ([from, to, towards]) => {
      const element = document.querySelector<HTMLTextAreaElement>('#field')!
      element.focus()
      element.setSelectionRange(from, to, towards)
      // Told of by the browser in a task of its own.
      return new Promise((resolve) => setTimeout(resolve, 20))
    },
    [start, end, direction] as const,
  )

describe('useValue', () => {
  beforeEach(async () => {
    await show('all')
    await wait('#status', 'live 0 true')
    await page.evaluate(async (doc) => {
      const here = await bench.here(doc)
      here.change((root) => {
        root.title.set('Cake')
        root.rows.setLww('a', { name: 'flour' })
        root.rows.setLww('b', { name: 'sugar' })
      })
    }, id)
    await wait('h1', 'Cake')
    await wait('#status', 'live 0 true')
    await forget()
  })

  it('renders only what reads what changed, and of a list only the row', async () => {
    await page.evaluate(async (doc) => (await bench.here(doc)).change((root) => root.title.set('Pie')), id)
    await wait('h1', 'Pie')
    await wait('#status', 'live 0 true')
    const { title, rows, all, ...others } = await renders()
    expect([title, rows, all]).toEqual([2, undefined, undefined])
    expect(Object.keys(others).filter((name) => name.startsWith('row '))).toEqual([])
    await forget()
    await page.evaluate(
      async (doc) => (await bench.here(doc)).change((root) => root.rows.setLww('b', { name: 'honey' })),
      id,
    )
    await wait('li:nth-child(2)', 'honey')
    // StrictMode renders each twice.
    expect(await renders()).toMatchObject({ rows: 2, 'row honey': 2 })
    expect(await renders()).not.toHaveProperty('row flour')
    expect(await renders()).not.toHaveProperty('title')
    expect(errors).toEqual([])
  })

  it('does not render for what reads the same, nor for what others write elsewhere', async () => {
    await page.evaluate(async (doc) => {
      const there = await bench.elsewhere(doc)
      there.change((root) => root.title.set('Cake'))
      there.change((root) => root.notes.insert(0, 'unread'))
      await there.saved()
      const here = await bench.here(doc)
      while (here.root.notes.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    }, id)
    expect(await renders()).toEqual({})
  })

  it('follows what the selector closes over', async () => {
    await page.evaluate(async (doc) => {
      const here = await bench.here(doc)
      here.change((root) => {
        for (const tag of ['apple', 'bread', 'butter']) root.tags.add(tag)
      })
    }, id)
    await wait('#found', 'apple')
    await page.click('#prefix')
    await wait('#found', 'bread butter')
    await page.evaluate(async (doc) => (await bench.here(doc)).change((root) => root.tags.remove('bread')), id)
    await wait('#found', 'butter')
  })

  it('tells of presence, status and undo', async () => {
    expect(await page.locator('#undo').isDisabled()).toBe(false)
    await page.evaluate(async (doc) => (await bench.elsewhere(doc)).presence.set({ name: 'Bo' }), id)
    await wait('#others', 'Bo')
    const heard = await page.evaluate(async (doc) => {
      const { presence } = await bench.elsewhere(doc)
      return [...presence.others.values()].map(({ state }) => state)
    }, id)
    expect(heard).toEqual([{ name: 'page' }])
    await page.evaluate(async (doc) => {
      const here = await bench.here(doc)
      here.undo.stopGrouping()
      here.change((root) => root.title.set('Tart'))
    }, id)
    await wait('h1', 'Tart')
    await page.click('#undo')
    await wait('h1', 'Cake')
    await page.click('#redo')
    await wait('h1', 'Tart')
    expect(await page.locator('#redo').isDisabled()).toBe(true)
  })
})

describe('useText', () => {
  beforeEach(async () => {
    await show('notes')
    await page.waitForSelector('#field:not([readonly])')
  })

  it('makes edits of what is typed, pasted, cut and replaced, without rendering', async () => {
    await page.focus('#field')
    await page.keyboard.type('Hello world')
    await forget()
    await caret(5)
    await page.keyboard.type(', big')
    await page.keyboard.press('Delete')
    await page.keyboard.insertText(' 🙂 ')
    await notesAre('Hello, big 🙂 world')
    await caret(0, 5, 'backward')
    await page.keyboard.type('Bye')
    await notesAre('Bye, big 🙂 world')
    await page.keyboard.press('Control+a')
    await page.keyboard.press('Backspace')
    await notesAre('')
    expect(await renders()).toEqual({})
    expect(errors).toEqual([])
  })

  it('keeps what two write at once, and the caret of who is writing', async () => {
    await page.focus('#field')
    await page.keyboard.type('one two')
    await notesAre('one two')
    await caret(3)
    await elsewhere([[0, 0, 'zero ']])
    await fieldIs('zero one two')
    expect(await field()).toMatchObject({ start: 8, end: 8 })
    await page.keyboard.type('!')
    await notesAre('zero one! two')
    // At the caret itself: what others write comes behind it.
    await elsewhere([[9, 0, '?']])
    await fieldIs('zero one!? two')
    expect(await field()).toMatchObject({ start: 9, end: 9 })
    // Several places at once.
    await elsewhere([
      [0, 5, ''],
      [6, 0, 'and a '],
      [4, 1, ''],
    ])
    await fieldIs('one! and a two')
    expect(await field()).toMatchObject({ start: 4, end: 4 })
  })

  it('keeps a selection, its direction, and lets it grow by nothing', async () => {
    await page.focus('#field')
    await page.keyboard.type('abcdef')
    await notesAre('abcdef')
    await caret(2, 4, 'backward')
    await elsewhere([
      [4, 0, '>'],
      [2, 0, '<'],
    ])
    await fieldIs('ab<cd>ef')
    expect(await field()).toMatchObject({ start: 3, end: 5, direction: 'backward' })
    const ends = await page.evaluate(async (doc) => {
      const { root } = await bench.elsewhere(doc)
      const { anchor, head } = bench.selection!
      return [root.notes.resolveCursor(anchor), root.notes.resolveCursor(head)]
    }, id)
    expect(ends).toEqual([5, 3])
    await page.evaluate(() => document.querySelector<HTMLElement>('#field')!.blur())
    expect(await page.evaluate(() => bench.selection)).toBeUndefined()
  })

  it('leaves a composition alone, and both sides meet when it ends', async () => {
    await page.focus('#field')
    await page.keyboard.type('ab cd')
    await notesAre('ab cd')
    await caret(3)
    const ime = await page.context().newCDPSession(page)
    await ime.send('Input.imeSetComposition', { text: 'に', selectionStart: 1, selectionEnd: 1 })
    await elsewhere([[0, 1, 'AAA']])
    await page.evaluate(async (doc) => {
      const here = await bench.here(doc)
      while (here.root.notes.toString() !== 'AAAb cd') await new Promise((resolve) => setTimeout(resolve, 5))
    }, id)
    await ime.send('Input.imeSetComposition', { text: 'にほ', selectionStart: 2, selectionEnd: 2 })
    expect(await field()).toMatchObject({ value: 'ab にほcd', start: 5 })
    await ime.send('Input.insertText', { text: '日本' })
    await notesAre('AAAb 日本cd')
    await fieldIs('AAAb 日本cd')
    expect(await field()).toMatchObject({ start: 7, end: 7 })
  })

  it('takes back what was typed, and not what others wrote', async () => {
    await page.focus('#field')
    await page.keyboard.type('mine')
    await notesAre('mine')
    await elsewhere([[4, 0, ' theirs']])
    await fieldIs('mine theirs')
    await page.evaluate(async (doc) => (await bench.here(doc)).undo.stopGrouping(), id)
    await page.keyboard.type('X')
    await notesAre('mineX theirs')
    await page.keyboard.press('Control+z')
    await notesAre('mine theirs')
    await fieldIs('mine theirs')
  })

  it('shows line breaks of other systems, and brings its own with the first edit', async () => {
    await elsewhere([[0, 0, 'a\r\nb\rc']])
    await fieldIs('a\nb\nc')
    await caret(3)
    await page.keyboard.type('!')
    await notesAre('a\nb!\nc')
    expect(await field()).toMatchObject({ value: 'a\nb!\nc', start: 4 })
    await elsewhere([[0, 0, '--']])
    await fieldIs('--a\nb!\nc')
    expect(await field()).toMatchObject({ start: 6 })
  })

  it('binds another text when it is given one, and leaves the first alone', async () => {
    await page.focus('#field')
    await page.keyboard.type('first')
    await notesAre('first')
    await show('notes', `other-${id}`)
    await fieldIs('')
    await page.waitForSelector('#field:not([readonly])')
    await page.focus('#field')
    await page.keyboard.type('second')
    await elsewhere([[0, 0, 'still ']])
    expect(await field()).toMatchObject({ value: 'second' })
    await show('notes')
    await fieldIs('still first')
    expect(errors).toEqual([])
  })

  it('works in a line, which has no breaks', async () => {
    await show('line')
    await page.waitForSelector('input#field:not([readonly])')
    await elsewhere([[0, 0, 'one\ntwo']])
    await fieldIs('onetwo')
    await caret(6)
    await page.keyboard.type('!')
    await notesAre('onetwo!')
  })
})

describe('useDoc', () => {
  const counts = () => page.evaluate(() => [bench.opened.length, bench.closed.length])

  it('opens once under StrictMode, and closes when nobody shows it any more', async () => {
    await show('all')
    await wait('#status', 'live 0 true')
    expect(await counts()).toEqual([1, 0])
    await show('nothing')
    await show('all')
    await wait('#status', 'live 0 true')
    expect(await counts()).toEqual([1, 0])
    await show('nothing')
    await page.waitForFunction(() => bench.closed.length === 1)
    await show('all')
    await wait('#status', 'live 0 true')
    expect(await counts()).toEqual([2, 1])
    expect(errors).toEqual([])
  })

  it('waits in Suspense with one handle', async () => {
    await show('waiting')
    await wait('h1', 'true untitled')
    expect(await counts()).toEqual([1, 0])
    await show('nothing')
    await page.waitForFunction(() => bench.closed.length === 1)
    expect(errors).toEqual([])
  })

  it('renders on a server without a client, and is taken over without a complaint', async () => {
    const html = renderToString(
      screen(
        () => {
          throw new Error('connects on a server')
        },
        'all',
        id,
      ),
    )
    expect(html).toContain('<h1>untitled</h1>')
    expect(html).toContain('offline 0 false')
    await page.evaluate(async (doc) => (await bench.elsewhere(doc)).change((root) => root.title.set('There')), id)
    await page.evaluate(([text, doc]) => bench.hydrate(text, doc), [html, id] as const)
    await wait('h1', 'There')
    expect(await page.evaluate(() => bench.complaints)).toEqual([])
    expect(errors).toEqual([])
    expect(await textOf('#status')).toMatch(/live \d true/)
  })
})

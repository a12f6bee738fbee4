/**
 * Two browsers with two tabs each, and a client in Node, edit at random while their lines are cut, tabs are closed, crash and are opened
 * again, and the server is killed and started again. In the end all have the same bytes, everything that was acknowledged is there, and
 * nothing twice.
 */
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { memoryStore } from '@joinery/storage/memory'
import type { BrowserContext } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startBrowser, type TestBrowser } from '../../../../scripts/browser/chromium.ts'
import { type PageServer, servePage } from '../../../../scripts/browser/page-server.ts'
import { anyEdit, countedEdit, schema, seeded } from '../live/edits.mjs'
import { open, until } from '../live/support.ts'
import { type CuttableLine, startProxy } from '../support/proxy.ts'
import { type ServerProcess, startServer } from '../support/server-process.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { type Tab, tabOf } from './pages.ts'

const directory = temporaryDirectory()
const seeds = process.env.JOINERY_SOAK ? Number(process.env.JOINERY_SEEDS ?? 50) : 3
const first = Number(process.env.JOINERY_FIRST_SEED ?? 1)
const steps = 60

let browser: TestBrowser
let pages: PageServer

beforeAll(async () => {
  pages = await servePage(new URL('sdk-page.ts', import.meta.url))
  browser = await startBrowser()
})

afterAll(async () => {
  await browser?.remove()
  await pages?.close()
})

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** One device: tabs of a browser that share a storage, over one line. */
class Device {
  readonly saved: string[] = []
  readonly failed: string[] = []
  readonly tabs: Tab[] = []
  readonly #options: {
    readonly context: BrowserContext
    readonly line: CuttableLine
    readonly name: string
    readonly seed: number
  }
  #opened = 0

  constructor(options: Device['#options']) {
    this.#options = options
  }

  async openTab(): Promise<void> {
    const { context, line, name, seed } = this.#options
    const page = await context.newPage()
    await page.exposeFunction('report', (what: 'saved' | 'failed', label: string) => this[what].push(label))
    await page.goto(pages.url)
    const tab = tabOf(page)
    this.tabs.push(tab)
    this.#opened += 1
    const code = await tab.start({ url: line.url, nodeId: name, database: `chaos-${seed}`, id: 'shared' })
    if (code !== undefined) throw new Error(`a tab of ${name} did not start: ${code}`)
    await tab.run(seed * 1000 + this.#opened, `${name}.${this.#opened}`)
  }

  async endTab(index: number, how: 'close' | 'crash'): Promise<void> {
    const [tab] = this.tabs.splice(index, 1)
    if (tab === undefined) return
    if (how === 'crash') {
      const session = await tab.page.context().newCDPSession(tab.page)
      const crashed = new Promise((resolve) => tab.page.once('crash', resolve))
      // The answer never comes.
      session.send('Page.crash').catch(() => undefined)
      await crashed
    }
    await tab.leave()
  }
}

it.each(Array.from({ length: seeds }, (_, i) => first + i))(
  'browsers, tabs, cuts and kills, seed %i',
  async (seed) => {
    const random = seeded(seed)
    const path = join(directory, `server-${seed}.sqlite`)
    const start = (): Promise<ServerProcess> =>
      startServer(`sqlite:${path}`, 0, ['--allow-origin', pages.url.replace(/\/$/, '')])
    let server = await start()
    const lines = await Promise.all([0, 1, 2].map(() => startProxy(server.port)))
    const restart = async (): Promise<void> => {
      await server.kill()
      server = await start()
      for (const line of lines) line.redirect(server.port)
    }
    const contexts = [await browser.browser.newContext(), await browser.browser.newContext()]
    const devices = contexts.map((context, i) => {
      return new Device({ context, line: lines[i] as CuttableLine, name: `device-${i}`, seed })
    })
    const node = open((lines[2] as CuttableLine).url, 'carl', { storage: memoryStore() })
    const doc = node.open('shared', schema)
    await doc.ready
    for (const device of devices) for (let i = 0; i < 2; i += 1) await device.openTab()
    const saved: string[] = []
    const failed: unknown[] = []
    for (let step = 0; step < steps; step += 1) {
      if (random.below(3) === 0) {
        const label = `carl ${step}`
        countedEdit(doc, label)
        doc.saved().then(
          () => saved.push(label),
          (error: unknown) => failed.push(error),
        )
      } else anyEdit(doc, random)
      const line = random.pick(lines)
      const device = random.pick(devices)
      const fate = random.below(40)
      if (fate < 4) line.cut()
      else if (fate < 10) for (const each of lines) each.restore()
      else if (fate < 13) {
        if (device.tabs.length > 1)
          await device.endTab(random.below(device.tabs.length), fate === 12 ? 'crash' : 'close')
      } else if (fate < 16) {
        if (device.tabs.length < 3) await device.openTab()
      } else if (fate === 16 && step > 20) await restart()
      else if (fate === 17) line.loseAnswers(1)
      await pause(random.below(15))
    }
    for (const line of lines) {
      line.loseAnswers(0)
      line.restore()
    }
    const tabs = devices.flatMap((device) => device.tabs)
    for (const tab of tabs) await tab.stop()
    for (const tab of tabs) expect(await tab.saved()).toBeUndefined()
    await doc.saved()
    await restart()
    const readerClient = open(server.url, 'reader')
    const reader = readerClient.open('shared', schema)
    await until(() => reader.status.connection === 'live', 'the reader', 30_000)
    const hashOf = (snapshot: Uint8Array): string => createHash('sha256').update(snapshot).digest('hex')
    const end = Date.now() + 30_000
    for (;;) {
      const states = await Promise.all(tabs.map((tab) => tab.state()))
      const hashes = [hashOf(reader.snapshot()), hashOf(doc.snapshot()), ...states.map(({ hash }) => hash)]
      if (new Set(hashes).size === 1 && states.every(({ pending }) => pending === 0)) break
      if (Date.now() > end) {
        const told = states.map(({ items, ...rest }) => ({ ...rest, items: items.length }))
        throw new Error(`not equal: ${JSON.stringify({ hashes, told, reader: reader.status, node: doc.status })}`)
      }
      await pause(50)
    }
    const items = reader.root.items.toJSON() as string[]
    const acknowledged = [...saved, ...devices.flatMap((device) => device.saved)]
    expect(acknowledged.length).toBeGreaterThan(10)
    expect(acknowledged.filter((label) => !items.includes(label))).toEqual([])
    expect(items.length).toBe(new Set(items).size)
    expect(Number(reader.root.visits.value)).toBe(items.length)
    expect([...failed, ...devices.flatMap((device) => device.failed)]).toEqual([])
    for (const tab of tabs) expect((await tab.state()).refused).toEqual([])
    for (const context of contexts) await context.close()
    await readerClient.close()
    await node.close()
    await server.stop()
    for (const line of lines) await line.close()
  },
  300_000,
)

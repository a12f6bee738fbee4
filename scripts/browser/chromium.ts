/**
 * A real Chromium for tests: the system's, with a profile of its own in a temporary directory, gone with the test.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type Browser, type BrowserContext, chromium } from 'playwright-core'

export interface TestBrowser {
  /** The profile's own context: what it stores is there again after `start`. */
  readonly context: BrowserContext
  /** Further contexts: `newContext`, each with a store of its own that nobody keeps. */
  readonly browser: Browser
  /** Of the browser process, which leads a process group of all that it has started. */
  readonly pid: number
  readonly isRunning: boolean
  /** Where its profile is. */
  readonly profile: string
  /** Kills every process of it, as a crash of the machine's memory would: nothing is written any more. */
  crash(): Promise<void>
  /** Starts it again after a crash or stop, on the same profile. */
  start(): Promise<void>
  /** Stops it in order. */
  stop(): Promise<void>
  /** Stops it and removes its profile. */
  remove(): Promise<void>
}

export interface TestBrowserOptions {
  /** Further flags of Chromium. */
  readonly flags?: readonly string[]
  /** A profile that is there, such as a copy of another; it is removed with the browser. */
  readonly profile?: string
}

const startMsMax = 45_000
const endMsMax = 20_000

const usualFlags = [
  '--headless=new',
  '--remote-debugging-port=0',
  // Chromium ends when this pipe does: no browser outlives a test process, however that ends.
  '--remote-debugging-pipe',
  '--no-first-run',
  '--no-default-browser-check',
  '--password-store=basic',
  '--disable-background-networking',
  '--disable-breakpad',
  '--disable-component-update',
  '--disable-dev-shm-usage',
  '--disable-gpu',
  '--disable-sync',
  // A page that nobody looks at is to run like one that somebody does.
  '--disable-background-timer-throttling',
  '--disable-backgrounding-occluded-windows',
  '--disable-renderer-backgrounding',
]

/** Starts a browser. Throws when Chromium is not installed, and says how it is. */
export async function startBrowser({ flags = [], profile: given }: TestBrowserOptions = {}): Promise<TestBrowser> {
  const program = findChromium()
  const profile = given ?? mkdtempSync(join(tmpdir(), 'joinery-chromium-'))
  const all = [...usualFlags, ...flags, `--user-data-dir=${profile}`, 'about:blank']
  // The sandbox cannot be had as root, and these pages are our own.
  if (process.getuid?.() === 0) all.unshift('--no-sandbox')
  let child: ChildProcess | undefined
  let browser: Browser | undefined

  const running = <T>(part: T | undefined): T => {
    if (part === undefined) throw new Error('the browser does not run')
    return part
  }
  const killGroup = () => {
    if (child?.pid !== undefined) signal(-child.pid, 'SIGKILL')
  }
  const ended = async () => {
    const { pid } = running(child)
    child = undefined
    browser = undefined
    process.off('exit', killGroup)
    if (pid !== undefined) await groupGone(pid)
  }
  const crash = async () => {
    if (!child) return
    const exit = exited(child)
    killGroup()
    await exit
    await ended()
  }
  const start = async () => {
    rmSync(portFile(profile), { force: true })
    child = spawn(program, all, { detached: true, stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'] })
    process.on('exit', killGroup)
    try {
      browser = await chromium.connectOverCDP(await endpoint(child, profile))
    } catch (error) {
      await crash()
      throw error
    }
  }
  const stop = async () => {
    if (!child) return
    const exit = exited(child)
    const session = await running(browser).newBrowserCDPSession()
    // The answer may be lost with the connection.
    await session.send('Browser.close').catch(() => undefined)
    const isOrderly = await Promise.race([exit.then(() => true), delay(endMsMax, false, { ref: false })])
    if (!isOrderly) {
      await crash()
      throw new Error(`Chromium did not stop within ${endMsMax} ms`)
    }
    await ended()
  }
  const removeProfile = () => rmSync(profile, { recursive: true, force: true, maxRetries: 10 })
  try {
    await start()
  } catch (error) {
    removeProfile()
    throw error
  }
  return {
    get browser() {
      return running(browser)
    },
    get context() {
      return running(browser).contexts()[0]!
    },
    get pid() {
      return running(child?.pid)
    },
    get isRunning() {
      return child !== undefined
    },
    profile,
    start,
    stop,
    crash,
    async remove() {
      await stop()
      removeProfile()
    },
  }
}

function findChromium(): string {
  const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']
  const mac = [
    '/Applications/Chromium.app/Contents/MacOS/Chromium',
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  ]
  const folders = (process.env.PATH ?? '').split(':').filter((folder) => folder !== '')
  const places = [
    ...(process.env.JOINERY_CHROMIUM ? [process.env.JOINERY_CHROMIUM] : []),
    ...names.flatMap((name) => folders.map((folder) => join(folder, name))),
    ...mac,
  ]
  const found = places.find((place) => existsSync(place))
  if (found !== undefined) return found
  throw new Error(
    'These tests need Chromium. Debian: apt-get install --no-install-recommends chromium; macOS: brew install chromium. ' +
      'Elsewhere set JOINERY_CHROMIUM to the program.',
  )
}

function portFile(profile: string): string {
  return join(profile, 'DevToolsActivePort')
}

/** Where the browser takes commands, once it does. */
async function endpoint(child: ChildProcess, profile: string): Promise<string> {
  let said = ''
  child.stderr!.on('data', (chunk) => {
    said = (said + chunk).slice(-10_000)
  })
  let failure: string | undefined
  child.once('error', (error) => {
    failure = error.message
  })
  const until = Date.now() + startMsMax
  while (failure === undefined && child.exitCode === null && child.signalCode === null && Date.now() < until) {
    const [port, path] = existsSync(portFile(profile)) ? readFileSync(portFile(profile), 'utf8').split('\n') : []
    if (port && path) return `ws://127.0.0.1:${port}${path}`
    await delay(20)
  }
  throw new Error(`Chromium did not start: ${failure ?? said}`)
}

async function exited(child: ChildProcess): Promise<void> {
  // Without a number it never began.
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  await once(child, 'exit')
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch {
    // It is gone.
  }
}

/** Waits until no process of the group runs any more; what still runs after that is killed. */
async function groupGone(group: number): Promise<void> {
  const until = Date.now() + endMsMax
  while (processesOf(group).length > 0) {
    if (Date.now() > until) {
      signal(-group, 'SIGKILL')
      throw new Error(`processes of Chromium outlived it: ${processesOf(group)}`)
    }
    await delay(10)
  }
}

/** Processes of a group that still run; those that ended and were not yet asked for do not count. Linux only. */
export function processesOf(group: number): number[] {
  if (!existsSync('/proc/self/stat')) return []
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
        // The name of the program is in brackets and may hold anything.
        const [state, , groupOf] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
        return Number(groupOf) === group && state !== 'Z'
      } catch {
        return false
      }
    })
}

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, statSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, test } from 'vitest'
import { sqliteStore } from '../src/sqlite.ts'
import { diceOf } from '../src/testing/random.ts'
import { expectWhole, Journal } from './crash/journal.ts'
import { temporaryDirectory } from './temporary-directory.ts'

const directory = temporaryDirectory()
const writer = fileURLToPath(new URL('crash/writer.mjs', import.meta.url))
const soak = process.env.JOINERY_SOAK !== undefined
const kills = soak ? 200 : 20
const seed = Number(process.env.JOINERY_SEED ?? Date.now() % 1e9)

beforeAll(() => {
  const built = fileURLToPath(new URL('../dist/sqlite.js', import.meta.url))
  if (!existsSync(built)) throw new Error('The killed process runs the built package: run "npm run build" first.')
})

/** Starts a writer on the file and feeds what it reports to the journal. */
function startWriter(path: string, journal: Journal, writerSeed: number, checkpointPages: number) {
  const child: ChildProcess = spawn(process.execPath, [writer, path, `${writerSeed}`, `${checkpointPages}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: child.stdout! })
  const opened = new Promise<void>((resolve) => {
    lines.on('line', (line) => {
      // The kill may cut the last line; what it says was acknowledged all the same, but we cannot read it.
      if (line.endsWith('}')) journal.add(JSON.parse(line))
      resolve()
    })
  })
  const ended = Promise.all([once(child, 'exit'), once(lines, 'close')])
  return {
    opened: Promise.race([opened, ended]),
    async kill() {
      child.kill('SIGKILL')
      const [[code, signal]] = await ended
      // A writer that ended by itself has said why on stderr.
      expect({ code, signal }).toEqual({ code: null, signal: 'SIGKILL' })
    },
  }
}

describe('a killed process', () => {
  test(`loses nothing acknowledged and tears nothing, over ${kills} kills (seed ${seed})`, async () => {
    const path = join(directory, 'crash', 'store.sqlite')
    const journal = new Journal()
    const dice = diceOf(seed)
    const first = await sqliteStore({ path })
    await first.close()
    let entries = 0
    let checks = 0
    let killsSinceCheck = 0
    for (let kill = 1; kill <= kills; kill += 1) {
      const running = startWriter(path, journal, dice(2 ** 31), dice(2) === 0 ? 1000 : 20)
      // One in five is killed while it starts and recovers, the others while they write.
      if (dice(5) === 0) await delay(80 + dice(120))
      else await running.opened.then(() => delay(dice(250)))
      await running.kill()
      killsSinceCheck += 1
      // Some crashes are left to the next writer to recover from.
      if (dice(4) === 0 && kill < kills) continue
      const store = await sqliteStore({ path })
      expect(store.identity).toEqual({ storeId: first.identity.storeId, continuous: true })
      await journal.expectKept(store, killsSinceCheck)
      killsSinceCheck = 0
      entries += await expectWhole(store)
      checks += 1
      await store.close()
    }
    for (const { storeId, continuous } of journal.opens) {
      expect({ storeId, continuous }).toEqual({ storeId: first.identity.storeId, continuous: true })
    }
    expect(journal.commits).toBeGreaterThan(kills * 2)
    console.log(
      `crash test: seed ${seed}, ${kills} kills, ${journal.commits} acknowledged commits all there, ` +
        `${entries} entries whole in ${checks} checks`,
    )
  })

  test('its lock is free as soon as it is gone, and not before', async () => {
    const path = join(directory, 'lock', 'store.sqlite')
    const running = startWriter(path, new Journal(), 1, 1000)
    await running.opened
    for (let i = 0; i < 5; i += 1) await expect(sqliteStore({ path })).rejects.toMatchObject({ code: 'STORE_LOCKED' })
    await running.kill()
    const store = await sqliteStore({ path })
    await expectWhole(store)
    await store.close()
  })
})

describe('a disk that lied about a flush', () => {
  test('what is left is whole, and the loss is noticed as a new identity', async () => {
    const dice = diceOf(seed)
    for (let round = 0; round < (soak ? 20 : 3); round += 1) {
      const path = join(directory, `torn ${round}`, 'store.sqlite')
      const journal = new Journal()
      const running = startWriter(path, journal, dice(2 ** 31), 100_000)
      await running.opened
      await delay(200 + dice(200))
      await running.kill()
      const wal = `${path}-wal`
      const { size } = statSync(wal)
      truncateSync(wal, Math.floor(size / 2) + dice(Math.floor(size / 4)))
      const store = await sqliteStore({ path })
      await expectWhole(store)
      const versions = await Promise.all([...journal.last.keys()].map((id) => store.head({ tenant: 'tenant', id })))
      const lost = [...journal.last.values()].some(({ to }, i) => (versions[i]?.version ?? 0) < to)
      expect(lost).toBe(true)
      expect(store.identity.continuous).toBe(false)
      expect(store.identity.storeId).not.toBe(journal.opens[0]!.storeId)
      await store.close()
    }
  })
})

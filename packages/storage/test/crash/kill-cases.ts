import { setTimeout as delay } from 'node:timers/promises'
import type { Store } from '@joinery/sync'
import { expect, test } from 'vitest'
import { type Dice, diceOf } from '../../src/testing/random.ts'
import { expectWhole, Journal } from './journal.ts'
import { requireBuild, startWriter, type Writer, type WriterStore } from './writer-process.ts'

export const soak: boolean = process.env.JOINERY_SOAK !== undefined
export const seed: number = Number(process.env.JOINERY_SEED ?? Date.now() % 1e9)

export interface KillOptions {
  /** Kills in `make test`, and in `make soak`. */
  readonly kills: { readonly usual: number; readonly soak: number }
  /** For how long a writer writes at most before it is killed. Default 250 ms. */
  readonly writesMsMax?: number
  /** Starts a writer, whose options may differ from kill to kill. */
  readonly start: (dice: Dice, journal: Journal) => Writer | Promise<Writer>
  /** Opens the same store, to look at it. */
  readonly open: () => Promise<Store>
}

/** Writers that are processes, each with the store that is answered for it. */
export function processes(store: (dice: Dice) => WriterStore): KillOptions['start'] {
  requireBuild()
  return (dice, journal) => startWriter(store(dice), journal, dice(2 ** 31))
}

/** Kills a writer again and again and looks for everything that it was told is stored. */
export function killCases(options: KillOptions): void {
  const kills = soak ? options.kills.soak : options.kills.usual
  test(`loses nothing acknowledged and tears nothing, over ${kills} kills (seed ${seed})`, async () => {
    const journal = new Journal()
    const dice = diceOf(seed)
    const first = await options.open()
    await first.close()
    const identity = { ...first.identity, continuous: true }
    let entries = 0
    let checks = 0
    let killsSinceCheck = 0
    let writing = 0
    for (let kill = 1; kill <= kills; kill += 1) {
      const running = await options.start(dice, journal)
      // One in five is killed while it starts and recovers, the others while they write.
      if (kill > 1 && dice(5) === 0) {
        await delay(80 + dice(120))
      } else {
        await running.committed.then(() => delay(dice(options.writesMsMax ?? 250)))
        writing += 1
      }
      await running.kill()
      killsSinceCheck += 1
      // Some crashes are left to the next writer to recover from.
      if (dice(4) === 0 && kill < kills) continue
      const store = await options.open()
      expect(store.identity).toEqual(identity)
      await journal.expectKept(store, killsSinceCheck)
      killsSinceCheck = 0
      entries += await expectWhole(store)
      checks += 1
      await store.close()
    }
    for (const { type: _, ...opened } of journal.opens) expect(opened).toEqual(identity)
    expect(journal.commits).toBeGreaterThanOrEqual(writing)
    console.log(
      `crash test: seed ${seed}, ${kills} kills, ${journal.commits} acknowledged commits all there, ` +
        `${entries} entries whole in ${checks} checks`,
    )
  })
}

/** A killed owner's lock is free at once, and a living one's is not. */
export function lockCase({ start, open }: Pick<KillOptions, 'start' | 'open'>): void {
  test('its lock is free as soon as it is gone, and not before', async () => {
    const running = await start(diceOf(1), new Journal())
    await running.opened
    for (let i = 0; i < 5; i += 1) await expect(open()).rejects.toMatchObject({ code: 'STORE_LOCKED' })
    await running.kill()
    const store = await open()
    await expectWhole(store)
    await store.close()
  })
}

import type { Store } from '@joinery/sync'
import { type Action, act, type RunState } from './actions.ts'
import { assertEqual } from './assert.ts'
import { Model } from './model.ts'
import { diceOf } from './random.ts'

/** Opens an empty store at a place of its own, and again after closing it if the adapter can. */
export interface RunPlace {
  readonly store: Store
  readonly reopen: (() => Promise<Store>) | undefined
  readonly close: () => Promise<void>
}

/** How often each kind of step is taken. */
const weights: readonly (readonly [Action['type'], number])[] = [
  ['commitOne', 40],
  ['commitMany', 12],
  ['compact', 12],
  ['importOne', 6],
  ['enumerate', 3],
  ['read', 20],
  ['list', 8],
  ['receipts', 4],
  ['values', 3],
  ['reopen', 1],
]

/** Runs tried to find a shorter failure. Each drops a part of the steps, so this is enough for some hundred steps. */
const shrinkRunsMax = 200

function actionsOf(seed: number, count: number): Action[] {
  const dice = diceOf(seed)
  const bag = weights.flatMap(([type, weight]) => Array.from({ length: weight }, () => type))
  return Array.from({ length: count }, () => ({ type: bag[dice(bag.length)]!, seed: dice(2 ** 31) }))
}

/** Takes random steps with a store and the model. Throws with the seed and the fewest steps found that still fail. */
export async function randomRun(openPlace: () => Promise<RunPlace>, seed: number, steps: number): Promise<void> {
  const all = actionsOf(seed, steps)
  const failure = await attempt(openPlace, all)
  if (!failure) return
  const shortest = await shrink(openPlace, all, failure)
  const trace = shortest.trace.map((line) => `  ${line}`).join('\n')
  throw new Error(`seed ${seed}, ${shortest.trace.length} steps:\n${trace}\n${shortest.error}`)
}

interface Failure {
  readonly error: unknown
  readonly trace: readonly string[]
}

async function attempt(openPlace: () => Promise<RunPlace>, steps: readonly Action[]): Promise<Failure | undefined> {
  const place = await openPlace()
  const state: RunState = { store: place.store, model: new Model(), reopen: place.reopen, trace: [] }
  try {
    for (const step of steps) await act(step, state)
    await compareAll(state)
    return undefined
  } catch (error) {
    return { error, trace: state.trace }
  } finally {
    await place.close()
  }
}

async function compareAll({ store, model }: RunState): Promise<void> {
  const page = { after: 0, limit: 1_000_000 }
  for (const { key } of model.heads) {
    assertEqual(await store.head(key), model.head(key), 'head at the end')
    assertEqual(await store.log(key, page), model.log(key, page), 'log at the end')
    assertEqual(await store.snapshot(key), model.snapshot(key), 'snapshot at the end')
  }
  for (const tenant of new Set(model.heads.map(({ key }) => key.tenant))) {
    assertEqual(await store.tenantLog(tenant, page), model.tenantLog(tenant, page), 'tenant log at the end')
    const { items } = await store.documents(tenant, { limit: 1000, deleted: true })
    assertEqual(items, model.documents(tenant, { deleted: true }), 'listing at the end')
  }
}

/** Leaves out ever smaller parts as long as the rest still fails. */
async function shrink(openPlace: () => Promise<RunPlace>, steps: readonly Action[], first: Failure): Promise<Failure> {
  let failing = steps
  let failure = first
  let runs = 0
  for (let part = Math.ceil(failing.length / 2); part >= 1; part = Math.floor(part / 2)) {
    for (let from = 0; from < failing.length && runs < shrinkRunsMax; runs += 1) {
      const fewer = failing.toSpliced(from, part)
      const found = await attempt(openPlace, fewer)
      if (found) {
        failing = fewer
        failure = found
      } else {
        from += part
      }
    }
  }
  return failure
}

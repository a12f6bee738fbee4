import { type Commit, type Store, StoreError, type StoreErrorCode } from '@joinery/sync'
import type { Page } from 'playwright-core'
import type { Answer, OpenedStore, OpenOptions, StorePage } from './store-page.ts'

/** A store in a page, called from here. */
export interface RemoteStore extends Store {
  /** By which the page knows it. */
  readonly handle: number
  readonly persisted: () => Promise<boolean>
  /** The code with which the store was lost. */
  readonly lost: () => Promise<string>
}

const methods = [
  'commit',
  'head',
  'log',
  'tenantLog',
  'snapshot',
  'tombstone',
  'compact',
  'documents',
  'tenants',
  'receipt',
  'receipts',
  'importDocument',
  'importReceipts',
  'purgeReceipts',
  'value',
  'values',
  'setValue',
  'close',
] as const satisfies readonly (keyof Store)[]

interface PageGlobal {
  readonly storePage: StorePage
}

function valueIn<T>(answer: Answer<T>): T {
  if (answer.ok) return answer.value
  throw new StoreError(answer.code as StoreErrorCode, answer.message, { cause: answer.cause })
}

/** Opens a store in a page that runs `store-page.ts`. */
export async function openIn(page: Page, options: OpenOptions): Promise<RemoteStore> {
  const opened: OpenedStore = valueIn(
    await page.evaluate((given) => (globalThis as unknown as PageGlobal).storePage.open(given), options),
  )
  const { handle, identity } = opened
  const call =
    (method: (typeof methods)[number]) =>
    async (...parameters: unknown[]) => {
      const answer: Answer<unknown> = await page.evaluate(
        ([at, name, all]) => (globalThis as unknown as PageGlobal).storePage.call(at, name, all),
        [handle, method, parameters] as const,
      )
      return valueIn(answer)
    }
  const calls = Object.fromEntries(methods.map((method) => [method, call(method)])) as unknown as Store
  return {
    ...calls,
    handle,
    identity,
    persisted: () => page.evaluate((at) => (globalThis as unknown as PageGlobal).storePage.persisted(at), handle),
    lost: () => page.evaluate((at) => (globalThis as unknown as PageGlobal).storePage.lost(at), handle),
  }
}

/** Commits in one turn of the page; answers `stored` or the code of the refusal for each. */
export function commitTogether(page: Page, store: RemoteStore, commits: readonly Commit[]): Promise<string[]> {
  return page.evaluate(
    async ([handle, all]) => {
      const { storePage } = globalThis as unknown as PageGlobal
      const answers = await Promise.all(all.map((commit) => storePage.call(handle, 'commit', [commit])))
      return answers.map((answer) => (answer.ok ? 'stored' : answer.code))
    },
    [store.handle, commits] as const,
  )
}

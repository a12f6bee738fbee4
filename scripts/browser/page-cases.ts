/** The side of the page: cases that the tests call by name. Imported by scripts that run in a browser. */

export type PageOutcome =
  | { readonly ok: true }
  | { readonly ok: false; readonly message: string; readonly stack: string }

export interface PageCases {
  run(name: string): Promise<PageOutcome>
}

type Run = () => Promise<void>

/** The part of a test framework that suites call: vitest, `node:test` and mocha fit. */
export interface CaseRunner {
  readonly describe: (name: string, define: () => void) => unknown
  readonly test: {
    (name: string, run: Run): unknown
    skip(name: string, run: Run): unknown
  }
}

/** A test runner as suites ask for one, which keeps the cases instead of running them. Call `offer` when all are defined. */
export function collectCases() {
  const cases = new Map<string, Run>()
  const path: string[] = []
  const test = (name: string, run: Run) => {
    cases.set([...path, name].join(' > '), run)
  }
  return {
    runner: {
      describe(name: string, define: () => void) {
        path.push(name)
        define()
        path.pop()
      },
      test: Object.assign(test, { skip: () => undefined }),
    },
    /** Puts the cases where `casesInPage` finds them. */
    offer() {
      const offered: PageCases = {
        async run(name) {
          const run = cases.get(name)
          if (!run) return { ok: false, message: `the page has no case ${name}`, stack: '' }
          try {
            await run()
            return { ok: true }
          } catch (error) {
            const { message = String(error), stack = '' } = error instanceof Error ? error : {}
            return { ok: false, message, stack }
          }
        },
      }
      Object.assign(globalThis, { pageCases: offered })
    },
  }
}

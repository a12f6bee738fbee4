/** The side of the tests: the same suite is defined here and in the page, and each case here runs its namesake there. */
import type { Page } from 'playwright-core'
import type { CaseRunner, PageCases, PageOutcome } from './page-cases.ts'
import type { PageServer } from './page-server.ts'

export interface RemoteOptions {
  /** Of the test framework. */
  readonly runner: CaseRunner
  /** Asked for when a case runs, so that they may be started after the cases are defined. */
  readonly page: () => Page
  readonly server: () => PageServer
}

/** A test runner to define a suite with: its cases run in the page. What a case throws there, it throws here, stack included. */
export function casesInPage({ runner, page, server }: RemoteOptions): CaseRunner {
  let path: readonly string[] = []
  const test = (name: string) => {
    const whole = [...path, name].join(' > ')
    runner.test(name, async () => {
      const outcome = await page().evaluate<PageOutcome, string>(
        (one) => (globalThis as unknown as { pageCases: PageCases }).pageCases.run(one),
        whole,
      )
      if (!outcome.ok) throw errorOf(outcome, server())
    })
  }
  return {
    describe(name, define) {
      const inside = [...path, name]
      // Test frameworks may run this later, when what is around it is done.
      return runner.describe(name, () => {
        const before = path
        path = inside
        define()
        path = before
      })
    },
    test: Object.assign(test, { skip: runner.test.skip }),
  }
}

function errorOf({ message, stack }: PageOutcome & { readonly ok: false }, server: PageServer): Error {
  const error = new Error(message)
  error.stack = stack.replaceAll(/https?:\/\/[^\s()]+\/page\.js:(\d+):(\d+)/g, (frame, line, column) => {
    return server.original({ line: Number(line), column: Number(column) }) ?? frame
  })
  return error
}

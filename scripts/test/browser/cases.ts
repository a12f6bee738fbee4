import type { CaseRunner } from '../../browser/page-cases.ts'

/** A suite of which the test knows what comes of it. */
export function defineCases({ describe, test }: CaseRunner): void {
  describe('outer', () => {
    describe('inner', () => {
      test('passes in a page', async () => {
        if (!('indexedDB' in globalThis)) throw new Error('this is no page')
      })
    })
    test('fails', async () => {
      throw new RangeError('one too many')
    })
    test.skip('skipped', async () => undefined)
  })
}

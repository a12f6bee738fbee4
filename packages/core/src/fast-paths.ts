/**
 * Whether short cuts are taken: for the change that comes next in order, for the run that is one visible stretch, for the span under
 * the cursor, for what was loaded and not looked at. Each must lead to the same bytes as the long way, so there is a build without
 * them, in which this is false: `test/fast-paths.test.ts` has both write the same histories.
 */
export const FAST_PATHS: boolean = true

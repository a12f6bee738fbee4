/**
 * How many random histories each type gets, and how to replay one. The environment is read here and nowhere else:
 *
 * - `JOINERY_SOAK`: the large number of histories. `JOINERY_RUNS`: any other.
 * - `JOINERY_SEED`: another seed than the usual one.
 * - `JOINERY_PATH`: with the seed, the one history that a failure named.
 */
declare const process: { readonly env: Readonly<Record<string, string | undefined>> } | undefined

const env: Readonly<Record<string, string | undefined>> = typeof process === 'undefined' ? {} : process.env

/** Random histories per type: 200, or 20,000 in a soak. */
export const historyRuns: number = Number(env.JOINERY_RUNS ?? (env.JOINERY_SOAK === undefined ? 200 : 20_000))

/** What decides all random choices of a run. */
export const historySeed: number = Number(env.JOINERY_SEED ?? 20_260_101)

/** The history to replay, as a failure printed it. */
export const historyPath: string | undefined = env.JOINERY_PATH

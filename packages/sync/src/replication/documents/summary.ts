/** What a store keeps beside a life, so that a node that starts need not read everything it has. */
import { type Hash64, type HashKey, hash64, hashText } from '../hash64.ts'
import type { Life, Staged } from './life.ts'

const NOTHING = new Uint8Array(0)

/** The sum that a life will have when these parts are durable. */
export function summaryOf(key: HashKey, life: Life, parts: readonly Staged[]): string {
  const sum = `${keyName(key)}.${hashText(life.sumWith(parts.flatMap(({ knows }) => knows)))}`
  const { signed } = life
  if (signed === undefined) return sum
  return `${sum}.${SIGNED}${signed.forks.size > 0 ? FORKED : ''}`
}

const SIGNED = 's'
const FORKED = 'f'

/** All changes of the life are signed, as far as the store says. */
export function isSignedSummary(summary: string | undefined): boolean {
  return summary?.split('.')[2]?.includes(SIGNED) ?? false
}

/** There are proofs of forks among its parts. */
export function isForkedSummary(summary: string | undefined): boolean {
  return summary?.split('.')[2]?.includes(FORKED) ?? false
}

/** The sum again; undefined where there is none, or one under another key. */
export function readSummary(key: HashKey, summary: string | undefined): Hash64 | undefined {
  const [name, text = ''] = summary?.split('.') ?? []
  if (name !== keyName(key) || !/^[0-9a-f]{16}$/.test(text)) return undefined
  return { high: Number.parseInt(text.slice(0, 8), 16), low: Number.parseInt(text.slice(8), 16) }
}

/** Tells keys apart and tells nothing of them. */
function keyName(key: HashKey): string {
  return hashText(hash64(key, NOTHING)).slice(0, 8)
}

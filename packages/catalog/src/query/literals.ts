/** What stands behind a field and an operator, as ranges of keys. */
import {
  AFTER_DATES,
  AFTER_TEXTS,
  booleanKey,
  dateKey,
  type IndexKey,
  type KeyRange,
  NULL_KEY,
  parseDate,
  textKey,
} from './index-key.ts'
import type { Operator } from './lexer.ts'

const number = /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i
const day = /^\d{4}-\d{2}-\d{2}$/
const DAY_MS = 86_400_000
const ANY = '*'

/** The instants that a date means: a day is all of it. */
interface Instants {
  readonly from: IndexKey
  readonly after: IndexKey
  readonly isDay: boolean
}

function instantsOf(text: string): Instants | undefined {
  const ms = parseDate(text)
  if (ms === undefined) return undefined
  const isDay = day.test(text)
  return { from: dateKey(ms), after: dateKey(isDay ? ms + DAY_MS : ms), isDay }
}

/** Undefined for what cannot be compared. */
export function rangesOf(operator: Operator, text: string, isQuoted: boolean): readonly KeyRange[] | undefined {
  const between = isQuoted || operator !== ':' ? undefined : boundsOf(text)
  if (between !== undefined) return betweenOf(between)
  return operator === ':' ? equalTo(text, isQuoted) : comparedWith(operator, text, isQuoted)
}

function equalTo(text: string, isQuoted: boolean): readonly KeyRange[] {
  const ranges: KeyRange[] = []
  if (!isQuoted) {
    if (number.test(text)) ranges.push(exactly(Number(text)))
    if (text === 'true' || text === 'false') ranges.push(exactly(booleanKey(text === 'true')))
    if (text === 'null') ranges.push(exactly(NULL_KEY))
  }
  const instants = instantsOf(text)
  if (instants?.isDay) {
    ranges.push({ min: { key: instants.from, inclusive: true }, max: { key: instants.after, inclusive: false } })
  } else if (instants !== undefined) ranges.push(exactly(instants.from))
  const isPrefix = !isQuoted && text.endsWith(ANY) && text.length > 1
  ranges.push(isPrefix ? beginningWith(textKey(text.slice(0, -1)) as string) : exactly(textKey(text)))
  return ranges
}

function exactly(key: IndexKey): KeyRange {
  return { min: { key, inclusive: true }, max: { key, inclusive: true } }
}

/** Keys that begin so: up to the last code unit, which no text begins with. */
export function beginningWith(prefix: string): KeyRange {
  return { min: { key: prefix, inclusive: true }, max: { key: `${prefix}\uffff`, inclusive: false } }
}

/** Only what is of the same sort: a number is neither above nor below a text. */
function comparedWith(operator: Operator, text: string, isQuoted: boolean): readonly KeyRange[] {
  const isAbove = operator.startsWith('>')
  const inclusive = operator.endsWith('=')
  if (!isQuoted && number.test(text)) {
    const bound = { key: Number(text), inclusive }
    return [isAbove ? { min: bound, max: NUMBERS_END } : { max: bound }]
  }
  const instants = instantsOf(text)
  if (instants === undefined) {
    const bound = { key: textKey(text), inclusive }
    return [isAbove ? { min: bound, max: TEXTS_END } : { min: TEXTS_BEGIN, max: bound }]
  }
  // After a day is from the next one on, and up to a day is to its end.
  if (isAbove) {
    const key = inclusive || !instants.isDay ? instants.from : instants.after
    return [{ min: { key, inclusive: inclusive || instants.isDay }, max: DATES_END }]
  }
  const key = inclusive ? instants.after : instants.from
  return [{ min: DATES_BEGIN, max: { key, inclusive: inclusive && !instants.isDay } }]
}

const NUMBERS_END = { key: NULL_KEY, inclusive: false }
const DATES_BEGIN = { key: 'd', inclusive: true }
const DATES_END = { key: AFTER_DATES, inclusive: false }
const TEXTS_BEGIN = { key: 't', inclusive: true }
const TEXTS_END = { key: AFTER_TEXTS, inclusive: false }

/** `[a TO b]`, or `a..b`, both ends included; `*` leaves one open. */
function boundsOf(text: string): readonly [string, string] | undefined {
  const [, from, to] = /^\[\s*(\S+)\s+TO\s+(\S+)\s*\]$/.exec(text) ?? /^([^.\s]\S*?)\.\.(\S*[^.\s])$/.exec(text) ?? []
  return from === undefined || to === undefined ? undefined : [from, to]
}

function betweenOf([from, to]: readonly [string, string]): readonly KeyRange[] | undefined {
  const [low] = from === ANY ? [undefined] : comparedWith('>=', from, false)
  const [high] = to === ANY ? [undefined] : comparedWith('<=', to, false)
  if (low === undefined && high === undefined) return undefined
  return [{ ...high, ...low, ...(high?.max !== undefined && { max: high.max }) }]
}

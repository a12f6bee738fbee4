/**
 * What values are compared by. One order over all of them: numbers, then null, false, true, dates, other texts; arrays count as each of
 * their elements, objects not at all. Texts compare without regard to case. A date is a text that looks like one of ISO 8601.
 */
import type { JsonValue } from '@joinery/core'

/** A number, or a text whose first letter says what it is. */
export type IndexKey = number | string

export const NULL_KEY = 'a'
const FALSE_KEY = 'b0'
const TRUE_KEY = 'b1'
const DATE = 'd'
const TEXT = 't'
/** Comes after all dates, and after all texts. */
export const AFTER_DATES = 'e'
export const AFTER_TEXTS = 'u'
/** Texts are compared by so many of their characters. */
const TEXT_UNITS_MAX = 256
/** Elements of one array that are looked at. */
const ELEMENTS_MAX = 64

const ISO = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)(Z|[+-]\d{2}:\d{2})?)?$/

/** Milliseconds since 1970; without a zone it is UTC. Undefined for what is no date. */
export function parseDate(text: string): number | undefined {
  if (text.length < 10 || text.length > 40 || text.charCodeAt(4) !== 0x2d) return undefined
  const [, day, time = '00:00', zone = 'Z'] = ISO.exec(text) ?? []
  if (day === undefined) return undefined
  const ms = Date.parse(`${day}T${time}${zone}`)
  return Number.isNaN(ms) ? undefined : ms
}

export function dateKey(ms: number): IndexKey {
  const year = new Date(ms).getUTCFullYear()
  // Other years have another number of digits, and would not sort.
  return year >= 0 && year <= 9999 ? DATE + new Date(ms).toISOString() : DATE + (ms < 0 ? '' : '9999-99')
}

export function textKey(text: string): IndexKey {
  return TEXT + text.slice(0, TEXT_UNITS_MAX).toLowerCase()
}

export function booleanKey(value: boolean): IndexKey {
  return value ? TRUE_KEY : FALSE_KEY
}

/** Undefined for what has no place in the order: objects, arrays. */
function scalarKey(value: JsonValue): IndexKey | undefined {
  switch (typeof value) {
    case 'number':
      return value
    case 'boolean':
      return booleanKey(value)
    case 'string': {
      const ms = parseDate(value)
      return ms === undefined ? textKey(value) : dateTextKey(value, ms)
    }
    default:
      return value === null ? NULL_KEY : undefined
  }
}

/** What a date is written as by most: it is its own key. */
const CANONICAL_UNITS = 24

function dateTextKey(text: string, ms: number): IndexKey {
  const isCanonical = text.length === CANONICAL_UNITS && text.endsWith('Z') && text[10] === 'T' && text[19] === '.'
  return isCanonical ? DATE + text : dateKey(ms)
}

/** The keys that a value is found by, each once, ascending. The first is the one that it is sorted by. */
export function keysOf(value: JsonValue | undefined): readonly IndexKey[] {
  if (value === undefined) return NO_KEYS
  if (!Array.isArray(value)) {
    const key = scalarKey(value)
    return key === undefined ? NO_KEYS : [key]
  }
  const keys = value.slice(0, ELEMENTS_MAX).map(scalarKey)
  return [...new Set(keys.filter((key) => key !== undefined))].sort(compareKeys)
}

const NO_KEYS: readonly IndexKey[] = []

/** Numbers before texts. */
export function compareKeys(a: IndexKey, b: IndexKey): number {
  if (a === b) return 0
  if (typeof a === 'number') return typeof b === 'number' ? a - b : -1
  if (typeof b === 'number') return 1
  return a < b ? -1 : 1
}

export interface Bound {
  readonly key: IndexKey
  readonly inclusive: boolean
}

/** Keys between two bounds; without one, from the first or to the last. */
export interface KeyRange {
  readonly min?: Bound
  readonly max?: Bound
}

export function isWithin(key: IndexKey, { min, max }: KeyRange): boolean {
  if (min !== undefined) {
    const order = compareKeys(key, min.key)
    if (order < 0 || (order === 0 && !min.inclusive)) return false
  }
  if (max === undefined) return true
  const order = compareKeys(key, max.key)
  return order < 0 || (order === 0 && max.inclusive)
}

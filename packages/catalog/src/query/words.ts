/** Words: runs of letters and digits, without regard to case. What full text finds an entry by. */
import type { JsonValue } from '@joinery/core'
import type { CatalogLimits } from '../limits.ts'

type WordLimits = Pick<CatalogLimits, 'valueWordsMax' | 'entryWordsMax' | 'wordUnitsMax'>

const runs = /[\p{L}\p{N}\p{M}]+/gu
/** Most texts have nothing but these, and are cut much faster. */
const beyondAscii = /[^ -~]/
const asciiRuns = /[a-z0-9]+/g

/** The words of a text, in order. */
export function wordsIn(text: string, { wordUnitsMax }: Pick<WordLimits, 'wordUnitsMax'>): string[] {
  const lower = text.toLowerCase()
  const words = lower.match(beyondAscii.test(lower) ? runs : asciiRuns) ?? []
  return words.map((word) => (word.length > wordUnitsMax ? word.slice(0, wordUnitsMax) : word))
}

/** The words of an entry, each once. */
export function wordsOf(id: string, metadata: Readonly<Record<string, JsonValue>>, limits: WordLimits): Set<string> {
  const words = new Set<string>()
  addWords(words, id, limits)
  for (const field of Object.keys(metadata)) addWords(words, metadata[field] as JsonValue, limits)
  return words
}

function addWords(words: Set<string>, value: JsonValue, limits: WordLimits): void {
  if (words.size >= limits.entryWordsMax || value === null) return
  if (typeof value === 'object') {
    for (const each of Object.values(value)) addWords(words, each, limits)
    return
  }
  let count = 0
  for (const word of wordsIn(String(value), limits)) {
    count += 1
    if (count > limits.valueWordsMax || words.size >= limits.entryWordsMax) return
    words.add(word)
  }
}

/** Texts of an entry: its id, and everything in its metadata that reads as text. */
export function textsOf(id: string, metadata: Readonly<Record<string, JsonValue>>): string[] {
  const texts = [id]
  for (const value of Object.values(metadata)) addTexts(texts, value)
  return texts
}

function addTexts(texts: string[], value: JsonValue): void {
  if (value === null) return
  if (typeof value !== 'object') texts.push(String(value))
  else for (const each of Object.values(value)) addTexts(texts, each)
}

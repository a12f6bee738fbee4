/** The entries that an expression asks for, as a set: each term by its index, or by looking at every entry where there is none. */
import { Bitset } from './bitset.ts'
import type { Expression } from './expression.ts'
import { isWithin, keysOf } from './index-key.ts'
import { own, type Table } from './table.ts'
import { textsOf } from './words.ts'

/** @param among the entries that are in question at all. */
export function evaluate(expression: Expression, table: Table, among: Bitset): Bitset {
  switch (expression.type) {
    case 'and':
      return expression.parts.reduce((found, part) => found.intersect(evaluate(part, table, found)), among.copy())
    case 'or':
      return expression.parts.reduce((found, part) => found.unite(evaluate(part, table, among)), new Bitset())
    case 'not':
      return among.copy().subtract(evaluate(expression.part, table, among))
    case 'words':
      return withWords(expression.words, table, among)
    case 'prefix': {
      const found = new Bitset()
      table.words.collectPrefix(expression.prefix, found)
      return found.intersect(among)
    }
    case 'phrase':
      return withPhrase(expression, table, among)
    case 'id': {
      const found = new Bitset()
      table.ids.collect(expression.range, found)
      return found.intersect(among)
    }
    case 'field':
      return inRanges(expression, table, among)
    case 'has':
      return select(among, (n) => own(table.entry(n), expression.field) !== undefined)
  }
}

function withWords(words: readonly string[], table: Table, among: Bitset): Bitset {
  const all = among.copy()
  for (const word of words) {
    const found = new Bitset()
    table.words.collect(word, found)
    all.intersect(found)
  }
  return all
}

function withPhrase({ words, text }: Extract<Expression, { type: 'phrase' }>, table: Table, among: Bitset): Bitset {
  return select(withWords(words, table, among), (n) => {
    const { id, metadata } = table.entry(n)
    return textsOf(id, metadata).some((each) => each.toLowerCase().includes(text))
  })
}

function inRanges({ field, ranges }: Extract<Expression, { type: 'field' }>, table: Table, among: Bitset): Bitset {
  const index = table.fields.get(field)
  if (index === undefined) {
    return select(among, (n) =>
      keysOf(own(table.entry(n), field)).some((key) => ranges.some((range) => isWithin(key, range))),
    )
  }
  const found = new Bitset()
  for (const range of ranges) index.collect(range, found)
  return found.intersect(among)
}

function select(among: Bitset, holds: (n: number) => boolean): Bitset {
  const found = new Bitset()
  among.each((n) => {
    if (holds(n)) found.add(n)
  })
  return found
}

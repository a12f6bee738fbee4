/**
 * The language of queries:
 *
 *     or   = and { "OR" and }
 *     and  = not { ["AND"] not }
 *     not  = { "NOT" | "-" } primary
 *     primary = "(" or ")" | field operator value | field ":*" | word | word "*" | "quoted text"
 *
 * Operators are `:` `>` `>=` `<` `<=`; a value is a number, a date, true, false, null, a text, a text with `*` behind it, a range
 * `a..b` or `[a TO b]`. `id:` means the id, whatever fields there are.
 */
import { CatalogError } from '../errors.ts'
import type { CatalogLimits } from '../limits.ts'
import type { Expression } from './expression.ts'
import type { KeyRange } from './index-key.ts'
import { type Operator, type Token, tokensOf } from './lexer.ts'
import { beginningWith, rangesOf } from './literals.ts'
import { wordsIn } from './words.ts'

type ParseLimits = Pick<CatalogLimits, 'queryBytesMax' | 'queryTermsMax' | 'queryDepthMax' | 'wordUnitsMax'>

/** Undefined for a query that asks for nothing in particular. Throws `CATALOG_QUERY_INVALID`. */
export function parseQuery(text: string, limits: ParseLimits): Expression | undefined {
  if (Buffer.byteLength(text) > limits.queryBytesMax) refuse(`it has more than ${limits.queryBytesMax} bytes`, 0)
  const tokens = tokensOf(text, refuse)
  return tokens.length === 1 ? undefined : new Parser(tokens, limits).parse()
}

function refuse(what: string, at: number): never {
  throw new CatalogError('CATALOG_QUERY_INVALID', `${what}, at character ${at + 1} of the query`, { extra: { at } })
}

class Parser {
  readonly #tokens: readonly Token[]
  readonly #limits: ParseLimits
  #at = 0
  #terms = 0
  #depth = 0

  constructor(tokens: readonly Token[], limits: ParseLimits) {
    this.#tokens = tokens
    this.#limits = limits
  }

  parse(): Expression {
    const expression = this.#or()
    const { type, text, at } = this.#next
    if (type !== 'end') refuse(`${JSON.stringify(text)} stands where the query should end`, at)
    return expression
  }

  get #next(): Token {
    return this.#tokens[this.#at] as Token
  }

  /** Takes a word of the language. */
  #takes(word: 'AND' | 'OR' | 'NOT'): boolean {
    const { type, text } = this.#next
    if (type !== 'bare' || text !== word || this.#tokens[this.#at + 1]?.type === 'operator') return false
    this.#at += 1
    return true
  }

  #or(): Expression {
    const parts = [this.#and()]
    while (this.#takes('OR')) parts.push(this.#and())
    return parts.length === 1 ? (parts[0] as Expression) : { type: 'or', parts }
  }

  #and(): Expression {
    const parts = [this.#not()]
    while (this.#takes('AND') || this.#isTermAhead()) parts.push(this.#not())
    return parts.length === 1 ? (parts[0] as Expression) : { type: 'and', parts }
  }

  #isTermAhead(): boolean {
    const { type, text } = this.#next
    return type !== 'end' && type !== ')' && !(type === 'bare' && text === 'OR')
  }

  #not(): Expression {
    if (!this.#takes('NOT') && !this.#takesMinus()) return this.#primary()
    return { type: 'not', part: this.#deeper(() => this.#not()) }
  }

  /** A minus right before a quotation or a parenthesis; before a word it is a letter of it. */
  #takesMinus(): boolean {
    const { type, text } = this.#next
    const after = this.#tokens[this.#at + 1]
    if (type !== 'bare' || text !== '-' || !after?.joined || after.type === 'operator' || after.type === 'end')
      return false
    this.#at += 1
    return true
  }

  #deeper(parse: () => Expression): Expression {
    this.#depth += 1
    if (this.#depth > this.#limits.queryDepthMax) refuse('it is nested too deep', this.#next.at)
    const expression = parse()
    this.#depth -= 1
    return expression
  }

  #primary(): Expression {
    const token = this.#next
    this.#at += 1
    switch (token.type) {
      case '(': {
        const expression = this.#deeper(() => this.#or())
        if (this.#next.type !== ')') refuse('a parenthesis is not closed', token.at)
        this.#at += 1
        return expression
      }
      case 'bare':
      case 'quoted':
        return this.#term(token)
      case 'operator':
        return refuse(`${token.text} needs a field before it`, token.at)
      case ')':
        return refuse('a parenthesis was not opened', token.at)
      case 'end':
        return refuse('something is missing', token.at)
    }
  }

  #term(token: Token): Expression {
    this.#terms += 1
    if (this.#terms > this.#limits.queryTermsMax)
      refuse(`it has more than ${this.#limits.queryTermsMax} terms`, token.at)
    const operator = this.#next
    if (operator.type === 'operator' && operator.joined) return this.#comparison(token.text)
    const isNegated = token.type === 'bare' && token.text.startsWith('-') && token.text.length > 1
    if (!isNegated) return this.#text(token)
    return { type: 'not', part: this.#text({ ...token, text: token.text.slice(1) }) }
  }

  #comparison(name: string): Expression {
    const isNegated = name.startsWith('-') && name.length > 1
    const operator = this.#next
    this.#at += 1
    const value = this.#next
    const isValue = (value.type === 'bare' || value.type === 'quoted') && value.joined
    if (!isValue) refuse(`there is nothing to compare ${JSON.stringify(name)} with`, operator.at)
    this.#at += 1
    const field = isNegated ? name.slice(1) : name
    const sign = (operator.text.length > 1 ? operator.text.replace(':', '') : operator.text) as Operator
    const part = comparison(field, sign, value)
    return isNegated ? { type: 'not', part } : part
  }

  #text({ type, text, at }: Token): Expression {
    const words = wordsIn(text, this.#limits)
    if (words.length === 0) refuse(`${JSON.stringify(text)} has no letter and no digit in it`, at)
    if (type === 'quoted') return { type: 'phrase', words, text: text.toLowerCase() }
    if (!text.endsWith('*')) return { type: 'words', words }
    const prefix: Expression = { type: 'prefix', prefix: words.pop() as string }
    return words.length === 0 ? prefix : { type: 'and', parts: [{ type: 'words', words }, prefix] }
  }
}

function comparison(field: string, operator: Operator, { type, text, at }: Token): Expression {
  const isQuoted = type === 'quoted'
  if (field === 'id') return { type: 'id', range: idRange(operator, text, isQuoted) }
  if (operator === ':' && text === '*' && !isQuoted) return { type: 'has', field }
  const ranges = rangesOf(operator, text, isQuoted)
  if (ranges === undefined) return refuse(`${JSON.stringify(text)} is no range`, at)
  return { type: 'field', field, ranges }
}

function idRange(operator: Operator, text: string, isQuoted: boolean): KeyRange {
  const bound = { key: text, inclusive: operator === ':' || operator.endsWith('=') }
  if (operator === ':' && !isQuoted && text.endsWith('*')) return beginningWith(text.slice(0, -1))
  if (operator === ':') return { min: bound, max: bound }
  return operator.startsWith('>') ? { min: bound } : { max: bound }
}

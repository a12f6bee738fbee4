/** Cuts a query into parentheses, quoted texts, bare texts, and the operators between a field and what it is compared with. */

export type Operator = ':' | '>' | '>=' | '<' | '<='

export interface Token {
  readonly type: '(' | ')' | 'quoted' | 'bare' | 'operator' | 'end'
  readonly text: string
  /** Where it begins. */
  readonly at: number
  /** Whether it follows the token before without a space. */
  readonly joined: boolean
}

const blank = /\s/
const operators = [':>=', ':<=', ':>', ':<', '>=', '<=', '>', '<', ':'] as const

/** @param refuse is told what is wrong, and where; it throws. */
export function tokensOf(text: string, refuse: (what: string, at: number) => never): Token[] {
  const tokens: Token[] = []
  let at = 0
  let end = 0
  const push = (type: Token['type'], content: string, to: number): void => {
    tokens.push({ type, text: content, at, joined: at === end && at > 0 })
    at = to
    end = to
  }
  while (at < text.length) {
    const char = text[at] as string
    if (blank.test(char)) at += 1
    else if (char === '(' || char === ')') push(char, char, at + 1)
    else if (char === '"') {
      const [content, to] = quoted(text, at, refuse)
      push('quoted', content, to)
    } else {
      const operator = operators.find((each) => text.startsWith(each, at))
      if (operator !== undefined) push('operator', operator, at + operator.length)
      else {
        const [content, to] = bare(text, at, follows(tokens, at === end))
        push('bare', content, to)
      }
    }
  }
  push('end', '', at)
  return tokens
}

/** Whether what comes next is compared with a field: then a colon in it is its own. */
function follows(tokens: readonly Token[], isJoined: boolean): boolean {
  return isJoined && tokens.at(-1)?.type === 'operator'
}

/** A backslash takes what follows as it is. */
function quoted(text: string, from: number, refuse: (what: string, at: number) => never): [string, number] {
  let content = ''
  for (let at = from + 1; at < text.length; at += 1) {
    const char = text[at] as string
    if (char === '"') return [content, at + 1]
    if (char === '\\') at += 1
    content += text[at] ?? ''
  }
  return refuse('a quotation that does not end', from)
}

const ends = /[\s()"]/
const endsName = /[\s()":<>]/

function bare(text: string, from: number, isValue: boolean): [string, number] {
  // A range in brackets has spaces in it.
  const close = isValue && text[from] === '[' ? text.indexOf(']', from) : -1
  if (close > 0) return [text.slice(from, close + 1), close + 1]
  const stop = isValue ? ends : endsName
  let to = from
  while (to < text.length && !stop.test(text[to] as string)) to += 1
  return [text.slice(from, to), to]
}

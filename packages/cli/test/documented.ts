/** Answers as the pages of the documentation have them. */

const LINE_MAX = 130

/** On one line when it fits, else a line per member. */
export function printed(value: unknown, indent = ''): string {
  const line = spaced(value)
  if (indent.length + line.length <= LINE_MAX || typeof value !== 'object' || value === null) return line
  const inner = `${indent}  `
  const members = Array.isArray(value)
    ? value.map((each) => inner + printed(each, inner))
    : Object.entries(value).map(([name, member]) => `${inner}${JSON.stringify(name)}: ${printed(member, inner)}`)
  const [open, close] = Array.isArray(value) ? ['[', ']'] : ['{', '}']
  return `${open}\n${members.join(',\n')}\n${indent}${close}`
}

function spaced(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(spaced).join(', ')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const members = Object.entries(value).map(([name, member]) => `${JSON.stringify(name)}: ${spaced(member)}`)
  return members.length === 0 ? '{}' : `{ ${members.join(', ')} }`
}

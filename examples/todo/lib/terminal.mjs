// Lists as text.

const tty = process.stdout.isTTY === true && process.env.NO_COLOR === undefined
const paint = (code) => (text) => (tty ? `\u001b[${code}m${text}\u001b[0m` : text)
export const bold = paint('1')
export const dim = paint('2')

/** @param {import('./todo-list.mjs').Item} item */
export function line({ title, done }) {
  return `${done ? '[x]' : '[ ]'} ${title}`
}

/** @param {import('./todo-list.mjs').Item[]} items */
export function numbered(items) {
  if (items.length === 0) return '  (nothing to do)\n'
  return items.map((item, index) => `${String(index + 1).padStart(3)}  ${line(item)}\n`).join('')
}

const WIDTH = 32

/** Two lists beside each other, items that both have on the same line. */
export function sideBySide(left, right) {
  const ids = [...new Set([...left.items, ...right.items].map(({ id }) => id))].sort()
  const cell = (items, id) => {
    const item = items.find((one) => one.id === id)
    return item === undefined ? '-' : line(item)
  }
  const row = (a, b) => `    ${fit(a)}  ${b}`
  const rows = ids.map((id) => row(cell(left.items, id), cell(right.items, id)))
  return `${[row(left.name, right.name), row('-'.repeat(WIDTH), '-'.repeat(WIDTH)), ...rows].join('\n')}\n`
}

function fit(text) {
  return text.length > WIDTH ? `${text.slice(0, WIDTH - 1)}…` : text.padEnd(WIDTH)
}

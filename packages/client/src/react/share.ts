/**
 * What is read anew, with everything in it that is as before being the very objects of before: so that components below that compare
 * their properties render only where something is another. What is not plain data, such as a container, is alike only itself.
 */
export function share<T>(former: unknown, next: T): T {
  const kind = kindOf(next)
  if (Object.is(former, next) || kind === undefined || kindOf(former) !== kind) return next
  const before = former as Readonly<Record<string, unknown>>
  const entries = Object.entries(next as object).map(([key, value]) => [key, share(before[key], value)])
  const isSame =
    entries.length === Object.keys(before).length &&
    entries.every(([key, value]) => Object.hasOwn(before, key) && Object.is(before[key], value))
  if (isSame) return former as T
  return (kind === Array.prototype ? entries.map(([, value]) => value) : Object.fromEntries(entries)) as T
}

/** What makes it an array or a plain object; undefined for all else. */
function kindOf(value: unknown): object | undefined {
  const kind = typeof value === 'object' && value !== null ? Object.getPrototypeOf(value) : undefined
  return kind === Array.prototype || kind === Object.prototype ? kind : undefined
}

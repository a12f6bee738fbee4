/**
 * What is read anew, with everything in it that is as before being the very objects of before: so that components below that compare
 * their properties render only where something is another. What is not plain data, such as a container, is alike only itself.
 */
export function share<T>(former: unknown, next: T): T {
  if (Object.is(former, next)) return next
  if (Array.isArray(next)) return shareArray(former, next) as T
  if (!isPlain(next) || !isPlain(former)) return next
  const keys = Object.keys(next)
  let isSame = keys.length === Object.keys(former).length
  const shared: Record<string, unknown> = {}
  for (const key of keys) {
    const each = Object.hasOwn(former, key) ? share(former[key], next[key]) : next[key]
    if (!Object.is(each, former[key])) isSame = false
    // A key may be named like what objects inherit.
    Object.defineProperty(shared, key, { value: each, enumerable: true, writable: true, configurable: true })
  }
  return (isSame ? former : shared) as T
}

function shareArray(former: unknown, next: readonly unknown[]): readonly unknown[] {
  if (!Array.isArray(former)) return next
  const shared = next.map((each, i) => share(former[i], each))
  return shared.length === former.length && shared.every((each, i) => Object.is(each, former[i])) ? former : shared
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
}

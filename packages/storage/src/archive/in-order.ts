/** Work that is done ahead, handed out in order. */
export interface AheadOptions<T, R> {
  /** Begins the work on one item. */
  readonly run: (item: T) => Promise<R>
  /** How many may be under way, asked each time one is begun. */
  readonly widthMax: () => number
}

/** Works on several items at a time and yields the results in the order of the items. */
export async function* inOrder<T, R>(
  items: AsyncIterable<T> | Iterable<T>,
  { run, widthMax }: AheadOptions<T, R>,
): AsyncGenerator<R, void, undefined> {
  const waiting: Promise<R>[] = []
  try {
    for await (const item of items) {
      const work = run(item)
      // Its failure is told when its turn comes; until then it is nobody's.
      work.catch(() => {})
      waiting.push(work)
      while (waiting.length >= widthMax()) yield await waiting.shift()!
    }
    while (waiting.length > 0) yield await waiting.shift()!
  } finally {
    await Promise.allSettled(waiting)
  }
}

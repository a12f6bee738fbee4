/** News that travels along, each a few times: the least told first. */

interface Told<N> {
  readonly news: N
  times: number
}

export interface NewsQueueOptions {
  /** With one message. */
  readonly perMessage: number
  /** Times the logarithm of the number of members. */
  readonly times: number
}

export class NewsQueue<N extends { readonly node: string }> {
  readonly #told = new Map<string, Told<N>>()
  readonly #options: NewsQueueOptions

  constructor(options: NewsQueueOptions) {
    this.#options = options
  }

  get isEmpty(): boolean {
    return this.#told.size === 0
  }

  /** Takes the place of what there was to tell of the same node. */
  add(news: N): void {
    this.#told.set(news.node, { news, times: 0 })
  }

  /** @param members how many there are: news of many are told more often. */
  take(members: number): N[] {
    const { perMessage, times } = this.#options
    const timesMax = times * Math.ceil(Math.log10(members + 1))
    const next = [...this.#told.values()].sort((a, b) => a.times - b.times).slice(0, perMessage)
    for (const each of next) {
      each.times += 1
      if (each.times >= timesMax) this.#told.delete(each.news.node)
    }
    return next.map(({ news }) => news)
  }
}

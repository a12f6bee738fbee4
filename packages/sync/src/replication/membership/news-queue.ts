/** News of members that travel with every probe, each a few times: the least told first. */
import type { MemberNews } from '../messages/messages.ts'

interface Told {
  readonly news: MemberNews
  times: number
}

/** With one message. */
const NEWS_PER_MESSAGE = 6
/** Times the logarithm of the number of members. */
const TIMES = 4

export class NewsQueue {
  readonly #told = new Map<string, Told>()

  add(news: MemberNews): void {
    this.#told.set(news.node, { news, times: 0 })
  }

  /** @param members how many there are: news of many are told more often. */
  take(members: number): MemberNews[] {
    const timesMax = TIMES * Math.ceil(Math.log10(members + 1))
    const next = [...this.#told.values()].sort((a, b) => a.times - b.times).slice(0, NEWS_PER_MESSAGE)
    for (const each of next) {
      each.times += 1
      if (each.times >= timesMax) this.#told.delete(each.news.node)
    }
    return next.map(({ news }) => news)
  }
}

/** How the tabs of an origin talk: messages to one or to all, who leads in a matter, and who has gone. */
import { randomName } from '../host.ts'

export interface TabsPlatform {
  readonly locks: LockManager
  readonly BroadcastChannel: typeof BroadcastChannel
}

interface Message {
  readonly from: string
  /** All, where it is left out. */
  readonly to: string | undefined
  readonly topic: string
  readonly body: unknown
}

type Listener = (body: never, from: string) => void

export class Bus {
  /** Names this tab among the others. */
  readonly id: string = randomName()
  readonly #name: string
  readonly #locks: LockManager
  readonly #channel: BroadcastChannel
  readonly #listeners = new Map<string, Listener>()
  /** What was posted before anybody could see that this tab lives. */
  readonly #alive: Promise<void>
  readonly #end = new AbortController()

  constructor(name: string, { locks, BroadcastChannel: Channel }: TabsPlatform) {
    this.#name = `joinery-tabs:${name}`
    this.#locks = locks
    this.#channel = new Channel(this.#name)
    this.#channel.onmessage = ({ data }) => this.#take(data as Message)
    this.#alive = new Promise((resolve, reject) => {
      this.hold(`tab/${this.id}`).then((release) => {
        this.#end.signal.addEventListener('abort', release)
        resolve()
      }, reject)
    })
  }

  /** Resolves when the others can see that this tab lives. Rejects where the page may not use locks. */
  get alive(): Promise<void> {
    return this.#alive
  }

  /** One listens at a time, the last who began. Answers what ends it. */
  on<B>(topic: string, listener: (body: B, from: string) => void): () => void {
    this.#listeners.set(topic, listener as Listener)
    return () => {
      if (this.#listeners.get(topic) === listener) this.#listeners.delete(topic)
    }
  }

  /** To one tab, or to all others. */
  post(topic: string, body: unknown, to?: string): void {
    if (this.#end.signal.aborted) return
    const message: Message = { from: this.id, to, topic, body }
    this.#channel.postMessage(message)
  }

  /** Waits for a lock, or answers undefined where it is taken; what it answers gives it back. */
  hold(name: string): Promise<() => void>
  hold(name: string, options: { readonly ifAvailable: true }): Promise<(() => void) | undefined>
  hold(name: string, options: { readonly signal: AbortSignal }): Promise<() => void>
  hold(name: string, options: LockOptions = {}): Promise<(() => void) | undefined> {
    return new Promise((resolve, reject) => {
      this.#locks
        .request(`${this.#name}/${name}`, options, (lock) => {
          if (lock === null) return resolve(undefined)
          return new Promise<void>((release) => resolve(release))
        })
        .catch(reject)
    })
  }

  /** Calls back when another tab has gone, however it ended. */
  whenGone(tab: string, run: () => void): void {
    const options = { mode: 'shared', signal: this.#end.signal } as const
    this.#locks.request(`${this.#name}/tab/${tab}`, options, run).catch(() => {})
  }

  close(): void {
    this.#end.abort()
    this.#channel.close()
  }

  #take({ to, topic, body, from }: Message): void {
    if (to === undefined || to === this.id) this.#listeners.get(topic)?.(body as never, from)
  }
}

export interface SeatOptions {
  readonly bus: Bus
  readonly topic: string
  /** This tab leads from now on; the others learn of it by `announce`. */
  readonly onLead: () => void
  /** Another tab leads, and says so; also when it says something new. */
  readonly onLeader: (leader: string, news: never) => void
}

type Said = { readonly is: 'who' } | { readonly is: 'leads'; readonly news: unknown }

/** A place that one tab has at a time, and the next one when it has gone. */
export class Seat {
  readonly #options: SeatOptions
  readonly #stop = new AbortController()
  #release: (() => void) | undefined
  #news: { readonly of: unknown } | undefined
  readonly #unlisten: () => void

  constructor(options: SeatOptions) {
    this.#options = options
    const { bus, topic, onLead, onLeader } = options
    this.#unlisten = bus.on<Said>(`seat/${topic}`, (said, from) => {
      if (said.is === 'leads') onLeader(from, said.news as never)
      else if (this.#news !== undefined) bus.post(`seat/${topic}`, { is: 'leads', news: this.#news.of }, from)
    })
    bus.hold(`seat/${topic}`, { signal: this.#stop.signal }).then(
      (release) => {
        this.#release = release
        if (this.#stop.signal.aborted) release()
        else onLead()
      },
      // It was given up before it came.
      () => {},
    )
    bus.alive.then(
      () => bus.post(`seat/${topic}`, { is: 'who' }),
      () => {},
    )
  }

  get leads(): boolean {
    return this.#release !== undefined
  }

  /** Tells the others that this tab leads. */
  announce(news: unknown): void {
    const { bus, topic } = this.#options
    this.#news = { of: news }
    bus.post(`seat/${topic}`, { is: 'leads', news })
  }

  leave(): void {
    this.#stop.abort()
    this.#unlisten()
    this.#release?.()
  }
}

/** Under which tabs talk about a document. */
export function topicOf(tenant: string, id: string): string {
  return `doc/${JSON.stringify([tenant, id])}`
}

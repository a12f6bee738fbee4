/** News as messages: by life, in the order in which they came, none too large. */
import type { ActorId } from '@joinery/core'
import type { Life } from '../documents/life.ts'
import { isTombstone } from '../documents/tombstone.ts'
import type { LifeChanges, LifeKey } from '../messages/messages.ts'
import type { News } from './pusher.ts'

/** What one message of changes carries at most, unless a single part is larger. */
export const PACKET_BYTES_MAX = 65_536
/** A part larger than this travels in pieces, asked for by whoever wants it. */
export const PART_BYTES_MAX = 196_608

export interface Packet {
  readonly lives: readonly LifeChanges[]
  readonly hops: number
  readonly foreign: boolean
  /** Marks of nodes that were told all of it. */
  readonly told: readonly number[]
  readonly own: readonly { readonly life: LifeKey; readonly actor: ActorId; readonly counter: number }[]
}

export function packetsOf(news: readonly News[]): Packet[] {
  const packets: Packet[] = []
  let some: News[] = []
  let bytes = 0
  const close = (): void => {
    if (some.length > 0) packets.push(packetOf(some))
    some = []
    bytes = 0
  }
  for (const each of news) {
    const { length } = each.part.bytes
    // Who lacks it hears of it by the next digest, and asks.
    if (length > PART_BYTES_MAX) continue
    const { document, incarnation } = each.life.key
    const size = length + 3 * (document.length + incarnation.length)
    if (bytes + size > PACKET_BYTES_MAX) close()
    some.push(each)
    bytes += size
  }
  close()
  return packets
}

function packetOf(news: readonly News[]): Packet {
  const byLife = new Map<Life, Uint8Array[]>()
  for (const { life, part } of news) {
    const parts = byLife.get(life)
    if (parts === undefined) byLife.set(life, [part.bytes])
    else parts.push(part.bytes)
  }
  const lives = [...byLife].map(([life, parts]) => {
    const end = parts.filter(isTombstone)
    return { ...life.key, ended: end.length > 0, parts: end.length > 0 ? end.slice(-1) : parts }
  })
  // The fuse is a fuse only: a packet counts as its youngest part.
  const hops = news.reduce((least, { part: { via } }) => Math.min(least, via?.hops ?? 0), 255)
  const [first] = news
  const told = first?.part.via?.told.filter((mark) => news.every(({ part: { via } }) => via?.told.includes(mark))) ?? []
  return { lives, hops, foreign: first?.part.via?.foreign ?? false, told, own: ownOf(news) }
}

/** The last dot of each actor that writes here. */
function ownOf(news: readonly News[]): Packet['own'] {
  const last = new Map<string, Packet['own'][number]>()
  for (const { life, part } of news) {
    if (part.via !== undefined) continue
    for (const { actor, counter } of part.knows) last.set(`${actor} ${life.name}`, { life: life.key, actor, counter })
  }
  return [...last.values()]
}

/** What the feeds of documents keep for those who are a little behind: bounded for each, and for all together. */
import { Doc, defineSchema, lww } from '@joinery/core'
import { newActor } from '@joinery/core/system'
import { describe, expect, test } from 'vitest'
import { Feed, type FeedsKept, sessionLimits } from '../../src/index.ts'

const schema = defineSchema({ title: lww<string>() })

/** A document's feed, somebody who follows it, and changes that arrive one per turn. */
function followed(limits: Partial<typeof sessionLimits> = {}, kept: FeedsKept = { bytes: 0 }) {
  const doc = new Doc({ schema, actor: newActor('a'), incarnation: 'life' })
  const feed = new Feed(0, { ...sessionLimits, ...limits }, () => {}, kept)
  const leave = feed.follow({ wake: () => {}, ended: () => {} })
  const turn = (text = 'x'): void => {
    const change = (doc.change((root) => root.title.set(text)) as Uint8Array).slice()
    feed.add([{ change, source: undefined }])
    feed.flush()
  }
  const turns = (count: number): void => {
    for (let i = 0; i < count; i += 1) turn()
  }
  /** The oldest version from which it leads on. */
  const oldest = (): number => {
    let version = 0
    while (feed.after(version) === undefined) version += 1
    return version
  }
  return { feed, kept, leave, turn, turns, oldest }
}

describe('a feed', () => {
  test('counts what small updates take beside their payload', () => {
    const { feed, turns, oldest } = followed({ feedBytesMax: 100_000 })
    turns(500)
    expect(feed.byteLength).toBeLessThanOrEqual(100_000)
    expect(500 - oldest()).toBeLessThan(125)
    expect(500 - oldest()).toBeGreaterThan(80)
  })

  test('keeps the last update, however large', () => {
    const { feed, turn, turns } = followed({ feedBytesMax: 2_000 })
    turns(3)
    turn('y'.repeat(10_000))
    expect([feed.after(3)?.to, feed.after(2)]).toEqual([4, undefined])
  })

  test('lets go of its own oldest when all together keep too much', () => {
    const kept = { bytes: 0 }
    const [one, two] = [followed({ feedTotalBytesMax: 50_000 }, kept), followed({ feedTotalBytesMax: 50_000 }, kept)]
    one.turns(30)
    const before = one.oldest()
    two.turns(100)
    expect([before, one.oldest()]).toEqual([0, 0])
    expect(kept.bytes).toBeLessThanOrEqual(50_000)
    expect(kept.bytes).toBe(one.feed.byteLength + two.feed.byteLength)
    one.feed.close()
    two.feed.close()
    expect(kept.bytes).toBe(0)
  })
})

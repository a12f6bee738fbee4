/** Payloads that travel deflated: what is gained, what is refused, and who gets which. */
import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { deflateRawSync } from 'node:zlib'
import { Doc, defineSchema, encodeBundle, readBundle, text } from '@joinery/core'
import { newActor } from '@joinery/core/system'
import { nodeCompression } from '@joinery/transport/deflate'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Packer, SessionRefusal, sessionBudgets } from '../../src/index.ts'
import { unpackedLength } from '../../src/session/compression.ts'
import { deflateBytesMax, deflateBytesMin, inflatedFrameBytes } from '../../src/session/limits.ts'
import { changes, part, subscribe, TestHost, turn } from './host.ts'

const packer = () => new Packer(nodeCompression)
const codeOf = (attempt: () => unknown): string | undefined => {
  try {
    attempt()
    return undefined
  } catch (error) {
    return error instanceof SessionRefusal ? error.code : `${error}`
  }
}
/** A payload that says it is so long, and is these bytes deflated. */
const forged = (length: readonly number[], bytes: Uint8Array): Uint8Array =>
  Uint8Array.from([0x1d, ...length, ...deflateRawSync(bytes)])

describe('a packer', () => {
  it('packs what becomes smaller, from the least to the most that is worth it, and nothing else', () => {
    const even = (length: number): Uint8Array => new Uint8Array(length).fill(7)
    for (const [length, isPacked] of [
      [deflateBytesMin - 1, false],
      [deflateBytesMin, true],
      [deflateBytesMax, true],
      [deflateBytesMax + 1, false],
    ] as const) {
      const payload = even(length)
      const packed = packer().pack(payload)
      expect(packed !== payload, `${length}`).toBe(isPacked)
      expect(unpackedLength(packed)).toBe(length)
      expect(Buffer.compare(packer().unpack(packed, length), payload)).toBe(0)
    }
    const noise = new Uint8Array(randomBytes(5_000))
    expect(packer().pack(noise) === noise).toBe(true)
  })

  it('packs once what many get', () => {
    let calls = 0
    const counting = new Packer({
      ...nodeCompression,
      deflate: (bytes) => {
        calls += 1
        return nodeCompression.deflate(bytes)
      },
    })
    const payload = new Uint8Array(5_000)
    expect(counting.pack(payload)).toBe(counting.pack(payload))
    expect(calls).toBe(1)
  })

  it('unpacks exactly as much as was said, at the bound and not past it', () => {
    const bytes = new Uint8Array(300)
    expect(packer().unpack(forged([0xac, 0x02], bytes), 300)).toEqual(bytes)
    expect(codeOf(() => packer().unpack(forged([0xac, 0x02], bytes), 299))).toBe('payload_too_large')
    expect(
      codeOf(() => packer().unpack(forged([0xab, 0x02], bytes), 300)),
      'more than said',
    ).toBe('malformed')
    expect(
      codeOf(() => packer().unpack(forged([0xad, 0x02], bytes), 301)),
      'less than said',
    ).toBe('malformed')
    expect(codeOf(() => packer().unpack(Uint8Array.of(0x1d), 300))).toBe('malformed')
    expect(codeOf(() => packer().unpack(Uint8Array.of(0x1d, 0x80), 300))).toBe('malformed')
    expect(codeOf(() => packer().unpack(Uint8Array.of(0x1d, 5, 255, 255), 300))).toBe('malformed')
    // A bomb: a kilobyte that would be a megabyte, and says it is little.
    const bomb = forged([100], new Uint8Array(1_000_000))
    expect(codeOf(() => packer().unpack(bomb, 16_000_000))).toBe('malformed')
  })

  it('takes damaged bytes for what they are', () => {
    const packed = packer().pack(Uint8Array.from({ length: 3_000 }, (_, i) => i % 50))
    const damage = fc.array(fc.tuple(fc.nat(packed.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 })
    fc.assert(
      fc.property(damage, fc.nat(packed.length), (places, end) => {
        const damaged = Uint8Array.from(packed.subarray(0, end))
        for (const [at, byte] of places) if (at < end) damaged[at] = byte
        const code = codeOf(() => packer().unpack(damaged, 100_000))
        expect([undefined, 'malformed', 'payload_too_large']).toContain(code)
      }),
      { numRuns: 2_000 },
    )
  })

  it('reads what was packed once for all (golden/deflated.json)', () => {
    const path = new URL('golden/deflated.json', import.meta.url)
    const doc = new Doc({
      actor: { ...newActor('anna') },
      incarnation: 'life',
      schema: defineSchema({ body: text() }),
      copies: true,
    })
    if (!existsSync(path)) {
      const change = doc.change((root) => root.body.insert(0, 'golden '.repeat(300))) as Uint8Array
      const payload = encodeBundle([change])
      const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
      writeFileSync(
        path,
        `${JSON.stringify({ payload: hex(payload), deflated: hex(packer().pack(payload)) }, null, 2)}\n`,
      )
    }
    const { payload, deflated } = JSON.parse(readFileSync(path, 'utf8')) as Record<'payload' | 'deflated', string>
    const unpacked = packer().unpack(Uint8Array.from(Buffer.from(deflated, 'hex')), 100_000)
    expect(Buffer.from(unpacked).toString('hex')).toBe(payload)
    expect(readBundle(unpacked)).toHaveLength(1)
  })
})

describe('a session', () => {
  it.each([
    [1, true, 1],
    [2, true, 2],
    [9, true, 2],
    [2, false, 1],
  ])('of a client that speaks up to %i, with a packer: %s, speaks %i', async (max, hasPacker, version) => {
    const host = new TestHost(hasPacker ? { packer: packer() } : {})
    const payload = new Uint8Array(4_000).fill(0x15)
    host.payload = payload
    const { say, heard, welcome } = await host.connect('t', max)
    expect(welcome.version).toBe(version)
    say(subscribe('d'))
    await turn()
    await turn()
    const update = heard.find((frame) => frame.kind === 'update')
    expect(update?.kind === 'update' && update.payload[0]).toBe(version === 2 ? 0x1d : 0x15)
    expect(update?.kind === 'update' && update.payload.length < 100).toBe(version === 2)
  })

  it('counts a batch by what it becomes, and takes no more than a batch may have', async () => {
    const limits = { pendingBytesMax: 10_000, pendingTenantBytesMax: 10_000, batchBytesMax: 20_000 }
    const budgets = sessionBudgets({ ...new TestHost().limits, ...limits })
    const host = new TestHost({ limits, budgets, packer: packer() })
    const { say, heard, closedWith } = await host.connect('t', 2)
    say(subscribe('d'))
    await turn()
    heard.splice(0)
    const large = (bytes: number): Uint8Array => packer().pack(new Uint8Array(bytes).fill(1))
    const batch = (number: number, payload: Uint8Array, restart = false) =>
      ({ ...changes(1, number, 0, restart), payload }) as ReturnType<typeof changes>
    say(batch(1, large(10_000)))
    expect([budgets.pending.used, host.submitted[0]?.submission.payload.length]).toEqual([10_000, 10_000])
    host.submitted[0]?.decide({ accepted: 0, version: 1 })
    await turn()
    expect(budgets.pending.used).toBe(0)
    say(batch(2, large(10_001)))
    expect(heard.at(-1)).toMatchObject({ kind: 'refused', batch: 2, code: 'rate_limited' })
    say(batch(3, large(20_001), true))
    expect(heard.at(-1)).toMatchObject({ kind: 'goodbye', code: 'payload_too_large' })
    expect([closedWith(), budgets.pending.used]).toEqual([1009, 0])
  })

  it('counts what came in parts when it is whole', async () => {
    const limits = { pendingBytesMax: 10_000, pendingTenantBytesMax: 10_000 }
    const budgets = sessionBudgets({ ...new TestHost().limits, ...limits })
    const host = new TestHost({ limits, budgets, packer: packer() })
    const { say, heard } = await host.connect('t', 2)
    say(subscribe('d'))
    await turn()
    for (const [number, bytes] of [
      [1, 10_000],
      [2, 10_001],
    ] as const) {
      const payload = packer().pack(new Uint8Array(bytes))
      const total = payload.length
      const of = { batch: number, total, bytes: 0 }
      say({ ...part(1, { ...of, offset: 0 }), payload: payload.subarray(0, 5) } as ReturnType<typeof part>)
      expect(budgets.pending.used).toBe(total)
      say({ ...part(1, { ...of, offset: 5 }), payload: payload.subarray(5) } as ReturnType<typeof part>)
      if (number === 1) {
        expect(budgets.pending.used).toBe(10_000)
        host.submitted[0]?.decide({ accepted: 0, version: 1 })
        await turn()
      }
      expect(budgets.pending.used).toBe(0)
    }
    expect(heard.at(-1)).toMatchObject({ kind: 'refused', batch: 2, code: 'rate_limited' })
  })

  it('holds nothing for what cannot be inflated, and ends', async () => {
    const budgets = sessionBudgets(new TestHost().limits)
    const host = new TestHost({ budgets, packer: packer() })
    const { say, closedWith } = await host.connect('t', 2)
    say(subscribe('d'))
    await turn()
    say({ ...changes(1, 1, 0), payload: Uint8Array.of(0x1d, 100, 255, 255) } as ReturnType<typeof changes>)
    expect([closedWith(), budgets.pending.used, host.submitted]).toEqual([1002, 0, []])
  })

  it('counts what it inflates as frames, so that little that becomes much comes less often', async () => {
    const limits = { framesBurstMax: 100, framesPerSecondMax: 1 }
    const host = new TestHost({ limits, packer: packer() })
    const { say, closedWith } = await host.connect('t', 2)
    say(subscribe('d'))
    await turn()
    const payload = packer().pack(new Uint8Array(inflatedFrameBytes * 50))
    say({ ...changes(1, 1, 0), payload } as ReturnType<typeof changes>)
    say({ ...changes(1, 2, 0), payload } as ReturnType<typeof changes>)
    expect(closedWith()).toBeUndefined()
    say({ kind: 'ping', nonce: 1 })
    expect(closedWith()).toBe(1013)
  })
})

import { describe, expect, test } from 'vitest'
import { encodeNodeFrame, frameKind, NodeFrameReader } from '../../src/nodes/frames.ts'
import { decodeBye, decodeHello, encodeBye, encodeHello } from '../../src/nodes/hello.ts'
import { helloOf } from './raw-peer.ts'

/** The same numbers for the same seed. */
function numbers(seed: number): (bound: number) => number {
  let state = seed
  return (bound) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * bound)
  }
}

function read(
  reader: NodeFrameReader,
  chunks: readonly Uint8Array[],
): { frames: [number, string][]; readable: boolean } {
  const frames: [number, string][] = []
  const readable = chunks.every((chunk) =>
    reader.push(chunk, (kind, body) => {
      frames.push([kind, Buffer.from(body).toString('hex')])
      return true
    }),
  )
  return { frames, readable }
}

describe('frames', () => {
  test('come out as they went in, however they are cut', () => {
    const random = numbers(1)
    for (let round = 0; round < 200; round += 1) {
      const bodies = Array.from({ length: 1 + random(8) }, () =>
        Uint8Array.from({ length: random(60) }, () => random(256)),
      )
      const stream = Buffer.concat(bodies.map((body, kind) => encodeNodeFrame(kind, body)))
      const chunks: Uint8Array[] = []
      for (let at = 0; at < stream.length; ) {
        const count = 1 + random(20)
        chunks.push(stream.subarray(at, at + count))
        at += count
      }
      const { frames, readable } = read(new NodeFrameReader(60), chunks)
      expect(readable).toBe(true)
      expect(frames).toEqual(bodies.map((body, kind) => [kind, Buffer.from(body).toString('hex')]))
    }
  })

  test('that are too long are refused by their length alone', () => {
    const longest = encodeNodeFrame(1, new Uint8Array(100))
    expect(read(new NodeFrameReader(100), [longest]).readable).toBe(true)
    const longer = encodeNodeFrame(1, new Uint8Array(101)).subarray(0, 4)
    expect(read(new NodeFrameReader(100), [longer])).toEqual({ frames: [], readable: false })
    expect(read(new NodeFrameReader(100), [new Uint8Array(4)])).toEqual({ frames: [], readable: false })
  })

  test('are read no further than is wanted', () => {
    const stream = Buffer.concat([encodeNodeFrame(1, new Uint8Array(1)), encodeNodeFrame(2, new Uint8Array(1))])
    const kinds: number[] = []
    new NodeFrameReader(10).push(stream, (kind) => {
      kinds.push(kind)
      return false
    })
    expect(kinds).toEqual([1])
  })

  test('that are noise throw nothing, and hold no more than is allowed', () => {
    const random = numbers(2)
    for (let round = 0; round < 2_000; round += 1) {
      const reader = new NodeFrameReader(64)
      const noise = Uint8Array.from({ length: random(200) }, () => (random(3) === 0 ? random(256) : 0))
      reader.push(noise, (_, body) => {
        expect(body.length).toBeLessThanOrEqual(64)
        return true
      })
    }
  })
})

describe('greetings and farewells', () => {
  const hello = helloOf('näme', { address: 'tcp://host:1', messageBytesMax: 5 })

  test('come out as they went in', () => {
    expect(decodeHello(encodeHello(hello))).toEqual({ ...hello, instance: new Uint8Array(hello.instance) })
    expect(decodeBye(encodeBye({ code: 'TRANSPORT_FULL', node: 'a' }))).toEqual({ code: 'TRANSPORT_FULL', node: 'a' })
    expect(decodeBye(encodeBye({ code: '', node: '' }))).toEqual({ code: '', node: '' })
  })

  test('a reason that is not known is none that could be taken for another', () => {
    const bye = encodeBye({ code: 'SOMETHING' as '', node: '' })
    expect(decodeBye(bye).code).toBe('TRANSPORT_MALFORMED')
  })

  test('that were changed are refused by code, or read as another greeting', () => {
    const random = numbers(3)
    const bytes = encodeHello(hello)
    let refused = 0
    for (let round = 0; round < 3_000; round += 1) {
      const copy = bytes.slice(0, random(4) === 0 ? random(bytes.length) : bytes.length)
      for (let i = 0; i <= random(3); i += 1) if (copy.length > 0) copy[random(copy.length)] = random(256)
      try {
        const { node, region, cluster, address } = decodeHello(copy)
        for (const text of [node, region, cluster, address]) expect(Buffer.byteLength(text)).toBeLessThanOrEqual(128)
      } catch (error) {
        refused += 1
        expect(['TRANSPORT_MALFORMED', 'TRANSPORT_VERSION']).toContain((error as { code: string }).code)
      }
    }
    expect(refused).toBeGreaterThan(500)
  })
})

test('what goes over the wire is what docs/NODES.md says', () => {
  const hello = {
    cluster: 'c#0a0b0c0d',
    node: 'paris',
    region: 'eu',
    address: 'tcp://h:1',
    instance: Uint8Array.from({ length: 16 }, (_, i) => i),
    messageBytesMax: 262_144,
  }
  const body = [
    '01',
    '0a63233061306230633064',
    '057061726973',
    '026575',
    '097463703a2f2f683a31',
    '000102030405060708090a0b0c0d0e0f',
    '808010',
  ].join('')
  expect(Buffer.from(encodeHello(hello)).toString('hex')).toBe(body)
  const frame = encodeNodeFrame(frameKind.hello, encodeHello(hello))
  expect(Buffer.from(frame).toString('hex')).toBe(`000000${(1 + body.length / 2).toString(16)}01${body}`)
  expect(Buffer.from(encodeBye({ code: 'TRANSPORT_FULL', node: 'a' })).toString('hex')).toBe(
    `0e${Buffer.from('TRANSPORT_FULL').toString('hex')}0161`,
  )
  expect(frameKind).toEqual({ hello: 1, proof: 2, message: 3, ping: 4, bye: 5 })
})

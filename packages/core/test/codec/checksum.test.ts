import { describe, expect, it } from 'vitest'
import { checksum32 } from '../../src/codec/checksum.ts'

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'utf8'))

describe('checksum32', () => {
  it('is MurmurHash3, 32 bits', () => {
    expect(checksum32(bytes(''))).toBe(0)
    expect(checksum32(bytes(''), 1)).toBe(0x514e28b7)
    expect(checksum32(bytes(''), 0xffffffff)).toBe(0x81f16f39)
    expect(checksum32(bytes('aaaa'), 0x9747b28c)).toBe(0x5a97808a)
    expect(checksum32(bytes('abc'), 0)).toBe(0xb3dd93fa)
    expect(checksum32(bytes('Hello, world!'), 0x9747b28c)).toBe(0x24884cba)
    expect(checksum32(bytes('The quick brown fox jumps over the lazy dog'), 0x9747b28c)).toBe(0x2fa826cd)
  })
})

/** Containers inside the block of another: each a length-prefixed part, so that a build without its type can pass over it. */
import { Reader } from '../codec/reader.ts'
import type { Writer } from '../codec/writer.ts'
import * as limits from '../limits.ts'
import { Decoder } from './codec.ts'

/** Begins a part that `endPart` puts its own length before. Answers where it begins. */
export function beginPart(writer: Writer): number {
  writer.byte(0)
  return writer.length
}

export function endPart(writer: Writer, body: number): void {
  writer.prefix(body - 1, body, writer.length - body)
}

/** Reads a part to its end, which must be where it was announced. */
export function readPart<T>(input: Decoder, content: { read(input: Decoder): T }): T {
  const { reader } = input
  const size = reader.varint()
  if (size > reader.remaining) reader.invalid('not as announced')
  input.depth += 1
  if (input.depth > limits.containerDepthMax) reader.invalid('nested too deep')
  const end = reader.at + size
  const outer = input.partEnd
  input.partEnd = end
  const part = content.read(input)
  input.partEnd = outer
  input.depth -= 1
  if (reader.at !== end) reader.invalid('not as announced')
  return part
}

/** Parts by name and type, each at most once; those of a whole state ascending by name in code units, then type. */
export class ListOrder {
  readonly #reader: Reader
  readonly #ascending: boolean
  #name: string | undefined
  #tag = 0
  #passed: Set<string> | undefined

  constructor(reader: Reader, ascending: boolean) {
    this.#reader = reader
    this.#ascending = ascending
  }

  /** Refuses what stands where it must not. */
  pass(name: string, tag: number): void {
    const last = this.#name
    const lastTag = this.#tag
    this.#name = name
    this.#tag = tag
    // The first, which in most changes is the only one.
    if (last === undefined) return
    if (this.#ascending) {
      if (name < last || (name === last && tag <= lastTag)) this.#reader.invalid('out of order')
      return
    }
    this.#passed ??= new Set([partKey(last, lastTag)])
    const key = partKey(name, tag)
    if (this.#passed.has(key)) this.#reader.invalid('listed twice')
    this.#passed.add(key)
  }
}

/** Passes over a part of a type that this build does not know. */
export function skipPart(input: Decoder): void {
  input.reader.view(input.reader.varint())
  input.opaque = true
}

/**
 * The same frame over a part that shows nothing: what a whole state says of containers it does not list. Every type reads
 * zeros as its bottom.
 */
export function emptyPart(input: Decoder): Decoder {
  return new Decoder(new Reader(ZEROS), input.site, input)
}

function partKey(name: string, tag: number): string {
  return `${tag}/${name}`
}

/** More than any type takes for its bottom. */
const ZEROS = new Uint8Array(16)

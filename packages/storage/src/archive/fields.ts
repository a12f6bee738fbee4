/** Members of a line, read one by one, each checked for what it is. A text may stand in pieces in the lines before. */
import { DataError } from './errors.ts'
import type { Line } from './lines.ts'

export class Fields {
  readonly #line: Line
  readonly #number: number
  readonly #pieces: readonly string[]
  readonly #left: Set<string>
  #used = 0

  constructor(line: Line, number: number, pieces: readonly string[]) {
    this.#line = line
    this.#number = number
    this.#pieces = pieces
    this.#left = new Set(Object.keys(line))
    this.#left.delete('sum')
    this.#left.delete('kind')
  }

  get kind(): unknown {
    return this.#line.kind
  }

  get number(): number {
    return this.#number
  }

  has(name: string): boolean {
    return Object.hasOwn(this.#line, name)
  }

  text(name: string): string {
    const value = this.#take(name)
    if (typeof value === 'string') return value
    const count = piecesOf(value)
    if (count === undefined) throw this.damaged(`"${name}" is a text`)
    return this.#join(count)
  }

  bytes(name: string): Uint8Array {
    const bytes = fromBase64(this.text(name))
    if (!bytes) throw this.damaged(`"${name}" is base64`)
    return bytes
  }

  whole(name: string): number {
    const value = this.#take(name)
    if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw this.damaged(`"${name}" is a whole number`)
    return value
  }

  flag(name: string): boolean {
    const value = this.#take(name)
    if (typeof value !== 'boolean') throw this.damaged(`"${name}" is true or false`)
    return value
  }

  /** Passes over what is there for people. */
  skip(name: string): void {
    this.#left.delete(name)
  }

  /** Passes over a text for people in so many pieces. */
  skipPieces(name: string): void {
    if (this.has(name)) this.#join(this.whole(name))
  }

  /** Nothing is left that nobody asked for. */
  end(): void {
    const [name] = this.#left
    if (name !== undefined) throw this.damaged(`there is no member ${JSON.stringify(name)} in such a line`)
    if (this.#used !== this.#pieces.length) throw this.damaged('the pieces before it are not its own')
  }

  damaged(rule: string, options: ErrorOptions = {}): DataError {
    return new DataError('DATA_DAMAGED', rule, { ...options, line: this.#number })
  }

  #take(name: string): unknown {
    this.#left.delete(name)
    return this.has(name) ? this.#line[name] : undefined
  }

  #join(count: number): string {
    const pieces = this.#pieces.slice(this.#used, this.#used + count)
    if (count < 1 || pieces.length !== count) throw this.damaged('its pieces are not there')
    this.#used += count
    return pieces.join('')
  }
}

function piecesOf(value: unknown): number | undefined {
  if (typeof value !== 'object' || value === null || !('parts' in value)) return undefined
  const { parts } = value
  return typeof parts === 'number' && Number.isSafeInteger(parts) && Object.keys(value).length === 1 ? parts : undefined
}

/** The bytes, if the text is what an encoder makes of them: nothing but its characters, padded, no stray bits at the end. */
function fromBase64(text: string): Uint8Array | undefined {
  if (text.length % 4 !== 0 || /[^A-Za-z0-9+/=]/.test(text)) return undefined
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0
  const bytes = Buffer.from(text, 'base64')
  if (bytes.length !== (text.length / 4) * 3 - padding) return undefined
  const lastBytes = bytes.subarray(Math.max(0, bytes.length - (3 - padding)))
  return lastBytes.toString('base64') === text.slice(-4) || bytes.length === 0 ? new Uint8Array(bytes) : undefined
}

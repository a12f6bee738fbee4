/** Which entries have which words: an inverted index. Most words, ids among them, are of one entry only, and take no list. */
import type { Bitset } from './bitset.ts'

/** Entries of one word, in no order. */
interface Postings {
  entries: Uint32Array
  length: number
}

/**
 * Words are parted by their first letter: who asks for a prefix looks at the words that begin alike, and all maps together hold more than
 * the 2^24 keys that one can.
 */
const PARTS = 64

export class TextIndex {
  readonly #parts: Map<string, number | Postings>[] = Array.from({ length: PARTS }, () => new Map())

  #part(word: string): Map<string, number | Postings> {
    return this.#parts[word.charCodeAt(0) % PARTS] as Map<string, number | Postings>
  }

  add(word: string, entry: number): void {
    const part = this.#part(word)
    const found = part.get(word)
    if (found === undefined) part.set(word, entry)
    else if (typeof found === 'number') part.set(word, { entries: Uint32Array.of(found, entry, 0, 0), length: 2 })
    else append(found, entry)
  }

  delete(word: string, entry: number): void {
    const part = this.#part(word)
    const found = part.get(word)
    if (found === undefined || typeof found === 'number') {
      if (found === entry) part.delete(word)
      return
    }
    const at = found.entries.subarray(0, found.length).indexOf(entry)
    if (at < 0) return
    found.length -= 1
    found.entries[at] = found.entries[found.length] as number
    if (found.length === 1) part.set(word, found.entries[0] as number)
  }

  /** Adds the entries that have a word to a set. */
  collect(word: string, into: Bitset): void {
    addAll(this.#part(word).get(word), into)
  }

  /** The same for all words that begin so. O(words with that letter): they are in no order. */
  collectPrefix(prefix: string, into: Bitset): void {
    for (const [word, found] of this.#part(prefix)) if (word.startsWith(prefix)) addAll(found, into)
  }
}

function append(postings: Postings, entry: number): void {
  if (postings.length === postings.entries.length) {
    const entries = new Uint32Array(2 * postings.length)
    entries.set(postings.entries)
    postings.entries = entries
  }
  postings.entries[postings.length] = entry
  postings.length += 1
}

function addAll(found: number | Postings | undefined, into: Bitset): void {
  if (found === undefined) return
  if (typeof found === 'number') {
    into.add(found)
    return
  }
  into.addAll(found.entries, found.length)
}

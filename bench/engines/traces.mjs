/**
 * Recorded typing, read from a folder that is not part of the repository; see README.md. Where a sequential trace is missing,
 * typing of the same shape is generated in its place.
 */
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { GapText } from './gap-text.mjs'
import { below, letters, randomOf } from './random.mjs'

/** What is known of the recordings: their edits, used to generate typing of the same length. */
const RECORDINGS = { 'automerge-paper': 259_778, rustcode: 40_173, sveltecomponent: 19_749, 'seph-blog1': 137_993 }
/** Measured even where the recording is missing. */
const ALWAYS = ['automerge-paper', 'rustcode', 'sveltecomponent']

function folder() {
  return process.env.JOINERY_TRACES ?? fileURLToPath(new URL('../../../shared/data', import.meta.url))
}

const fileOf = (name) => `${folder()}/${name}.json.gz`
const read = (name) => JSON.parse(gunzipSync(readFileSync(fileOf(name))).toString('utf8'))

/** Names of the sequential traces to measure. */
export const traceNames = Object.keys(RECORDINGS).filter((name) => ALWAYS.includes(name) || existsSync(fileOf(name)))

/** Whether a recording is there. */
export const isRecorded = (name) => existsSync(fileOf(name))

/**
 * A list of edits in columns: at `positions[i]`, delete `deletions[i]` characters and insert `insertions[i]`.
 * @typedef {{ count: number, positions: Int32Array, deletions: Int32Array, insertions: string[], end: string }} Edits
 */

/** @returns {Edits} */
export function editsOf(patches, end) {
  return {
    count: patches.length,
    positions: Int32Array.from(patches, ([position]) => position),
    deletions: Int32Array.from(patches, ([, deletions]) => deletions),
    insertions: patches.map(([, , insertion]) => insertion),
    end,
  }
}

/** Makes one edit of a list. */
export function edit(replica, { positions, deletions, insertions }, i) {
  if (deletions[i] > 0) replica.remove(positions[i], deletions[i])
  if (insertions[i] !== '') replica.insert(positions[i], insertions[i])
}

/** The text after edits. */
export function textAfter(patches, start = '') {
  const text = new GapText()
  text.insert(0, start)
  for (const [position, deletions, insertion] of patches) {
    text.remove(position, deletions)
    text.insert(position, insertion)
  }
  return text.read()
}

/** A sequential trace: recorded or generated. @returns {Edits} */
export function sequentialTrace(name) {
  if (!isRecorded(name)) return generatedTrace(RECORDINGS[name])
  const { startContent, endContent, txns } = read(name)
  if (startContent !== '') throw new Error(`${name} does not start empty`)
  return editsOf(
    txns.flatMap(({ patches }) => patches),
    endContent,
  )
}

/** Typing of the usual shape: runs of characters, backspaces, and now and then a jump elsewhere. */
export function generatedTrace(count, seed = 1) {
  const random = randomOf(seed)
  const patches = []
  let cursor = 0
  let length = 0
  while (patches.length < count) {
    if (random() < 0.03) cursor = below(random, length + 1)
    const back = random() < 0.15
    const run = 1 + below(random, back ? 8 : 40)
    for (let i = 0; i < run && patches.length < count; i += 1) {
      if (back && cursor === 0) break
      patches.push(back ? [cursor - 1, 1, ''] : [cursor, 0, letters(random, 1)])
      cursor += back ? -1 : 1
      length += back ? -1 : 1
    }
  }
  return editsOf(patches, textAfter(patches))
}

/** A concurrent trace; undefined where there is no recording. */
export const concurrentTrace = (name) => (isRecorded(name) ? read(name) : undefined)

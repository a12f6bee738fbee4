/** How the body of each message is written and read, side by side. Readers trust nothing: every count is checked before it is used. */
import { limits, type Reader, type Writer } from '@joinery/core'
import type { Hash64 } from '../hash64.ts'
import {
  forksPerMessageMax,
  membersPerMessageMax,
  nodeIdBytesMax,
  presenceBytesMax,
  replicationLimits,
  toldMax,
} from '../limits.ts'
import { readProof, writeProof } from '../signing/fork-proof.ts'
import {
  readActor,
  readBoolean,
  readCount,
  readHash,
  readLife,
  readSigned,
  readWord,
  writeHash,
  writeLife,
  writeSigned,
  writeWord,
} from './fields.ts'
import { readFrontier, writeFrontier } from './frontier-body.ts'
import { readNews, writeNews } from './member-body.ts'
import type { Cell, ItemRange, LifeChanges, Message, PresenceNews, WantedRange } from './messages.ts'

type Kind = Message['kind']
type Of<K extends Kind> = Extract<Message, { kind: K }>
interface Body<M extends Message> {
  readonly write: (writer: Writer, message: M) => void
  readonly read: (reader: Reader) => M
}

const HASH_BYTES = 8
/** A cell takes at least a count, a sum and a check. */
const CELL_BYTES = 13
/** A life takes at least two texts, a flag and a count. */
const LIFE_BYTES = 4
const RANGE_BYTES = 10
/** Three texts, an incarnation and a state. */
const NEWS_BYTES = 5
/** Two texts, an actor of one byte of name, and two claims. */
const FORK_BYTES = 281
/** An actor of one byte of name, and two counters. */
const WANTED_BYTES = 21
/** A text, a sequence and a length. */
const PRESENCE_BYTES = 3

export const bodies: { readonly [K in Kind]: Body<Of<K>> } = {
  changes: {
    write(writer, { push, hops, cause, told, foreign, more, lives }) {
      writer.varint(push)
      writer.byte(hops)
      writer.byte((cause === 'repair' ? REPAIR : 0) | (more ? MORE : 0) | (foreign ? FOREIGN : 0))
      writer.varint(told.length)
      for (const mark of told) {
        writer.byte(mark & 255)
        writer.byte(mark >>> 8)
      }
      writer.varint(lives.length)
      for (const life of lives) writeChanges(writer, life)
    },
    read(reader) {
      const push = reader.varint()
      const hops = reader.byte()
      const flags = reader.byte()
      if (flags > (REPAIR | MORE | FOREIGN)) reader.invalid('not canonical')
      const told = many(reader, 2, toldMax, (from) => from.byte() | (from.byte() << 8))
      const lives = many(reader, LIFE_BYTES, replicationLimits.messageLivesMax, readChanges)
      const cause = flags & REPAIR ? 'repair' : 'live'
      const foreign = (flags & FOREIGN) !== 0
      return { kind: 'changes', push, hops, cause, told, foreign, more: (flags & MORE) !== 0, lives }
    },
  },
  ack: {
    write(writer, { pushes }) {
      writer.varint(pushes.length)
      for (const push of pushes) writer.varint(push)
    },
    read: (reader) => ({ kind: 'ack', pushes: many(reader, 1, replicationLimits.pushesMax, (from) => from.varint()) }),
  },
  digest: {
    write(writer, { root, count, from, cells }) {
      writeHash(writer, root)
      writer.varint(count)
      writer.varint(from)
      writer.varint(cells.length)
      for (const cell of cells) writeCell(writer, cell)
    },
    read(reader) {
      const root = readHash(reader)
      const count = reader.varint()
      const from = reader.varint(replicationLimits.digestCellsTotalMax)
      const cells = many(reader, CELL_BYTES, replicationLimits.digestCellsMax, readCell)
      return { kind: 'digest', root, count, from, cells }
    },
  },
  equal: {
    write: (writer, { root }) => writeHash(writer, root),
    read: (reader) => ({ kind: 'equal', root: readHash(reader) }),
  },
  more: {
    write(writer, { root, from, count }) {
      writeHash(writer, root)
      writer.varint(from)
      writer.varint(count)
    },
    read: (reader) => ({
      kind: 'more',
      root: readHash(reader),
      from: reader.varint(replicationLimits.digestCellsTotalMax),
      count: reader.varint(replicationLimits.digestCellsMax),
    }),
  },
  frontiers: {
    write(writer, { complete, answer, unknown, lives }) {
      writer.byte((complete ? COMPLETE : 0) | (answer ? ANSWER : 0))
      writeHashes(writer, unknown)
      writer.varint(lives.length)
      for (const life of lives) writeFrontier(writer, life)
    },
    read(reader) {
      const flags = reader.byte()
      if (flags > (COMPLETE | ANSWER)) reader.invalid('not canonical')
      const unknown = readHashes(reader)
      const lives = many(reader, LIFE_BYTES, replicationLimits.messageLivesMax, readFrontier)
      return { kind: 'frontiers', complete: (flags & COMPLETE) !== 0, answer: (flags & ANSWER) !== 0, unknown, lives }
    },
  },
  want: {
    write(writer, { life, ranges }) {
      writeLife(writer, life)
      writer.varint(ranges.length)
      for (const { actor, from, to } of ranges) {
        writer.string(actor)
        writer.varint(from)
        writer.varint(to)
      }
    },
    read(reader) {
      const life = readLife(reader)
      return { kind: 'want', life, ranges: many(reader, WANTED_BYTES, replicationLimits.vectorEntriesMax, readWanted) }
    },
  },
  ranges: {
    write(writer, { from, ranges }) {
      writeHash(writer, from)
      writer.varint(ranges.length)
      for (const range of ranges) writeRange(writer, range)
    },
    read(reader) {
      const from = readHash(reader)
      return { kind: 'ranges', from, ranges: many(reader, RANGE_BYTES, replicationLimits.rangesMax, readRange) }
    },
  },
  part: {
    write(writer, { life, ended, transfer, total, offset, bytes }) {
      writeLife(writer, life)
      writer.byte(ended ? 1 : 0)
      writeHash(writer, transfer)
      writer.varint(total)
      writer.varint(offset)
      writer.varint(bytes.length)
      writer.append(bytes)
    },
    read(reader) {
      const life = readLife(reader)
      const ended = readBoolean(reader)
      const transfer = readHash(reader)
      const total = reader.varint()
      const offset = reader.varint(total)
      const bytes = reader.view(reader.varint(total - offset))
      return { kind: 'part', life, ended, transfer, total, offset, bytes }
    },
  },
  'want-part': {
    write(writer, { life, transfer, offset }) {
      writeLife(writer, life)
      writeHash(writer, transfer)
      writer.varint(offset)
    },
    read(reader) {
      return { kind: 'want-part', life: readLife(reader), transfer: readHash(reader), offset: reader.varint() }
    },
  },
  checksum: {
    write(writer, { life, item, state, answer }) {
      writeLife(writer, life)
      writeHash(writer, item)
      writeHash(writer, state)
      writer.byte(answer ? 1 : 0)
    },
    read(reader) {
      const life = readLife(reader)
      return { kind: 'checksum', life, item: readHash(reader), state: readHash(reader), answer: readBoolean(reader) }
    },
  },
  forks: {
    write(writer, { forks }) {
      writer.varint(forks.length)
      for (const { life, proof } of forks) {
        writeLife(writer, life)
        writeProof(writer, proof)
      }
    },
    read: (reader) => ({
      kind: 'forks',
      forks: many(reader, FORK_BYTES, forksPerMessageMax, (from) => ({ life: readLife(from), proof: readProof(from) })),
    }),
  },
  ping: {
    write: writeProbe,
    read: (reader) => ({ kind: 'ping', ...readProbe(reader) }),
  },
  pong: {
    write: writeProbe,
    read: (reader) => ({ kind: 'pong', ...readProbe(reader) }),
  },
  presence: {
    write(writer, { news }) {
      writer.varint(news.length)
      for (const { node, sequence, state } of news) {
        writer.string(node)
        writer.varint(sequence)
        writer.varint(state.length)
        writer.append(state)
      }
    },
    read: (reader) => ({ kind: 'presence', news: many(reader, PRESENCE_BYTES, membersPerMessageMax, readPresence) }),
  },
}

const REPAIR = 1
const MORE = 2
const FOREIGN = 4
const COMPLETE = 1
const ANSWER = 2

/** Reads a counted list; `bytesEach` is the least that one takes, so that no count can announce more than there is. */
function many<T>(reader: Reader, bytesEach: number, max: number, read: (reader: Reader) => T): T[] {
  const items: T[] = []
  for (let left = readCount(reader, bytesEach, max); left > 0; left -= 1) items.push(read(reader))
  return items
}

function writeChanges(writer: Writer, life: LifeChanges): void {
  writeLife(writer, life)
  writer.byte(life.ended ? 1 : 0)
  writer.varint(life.parts.length)
  for (const part of life.parts) {
    writer.varint(part.length)
    writer.append(part)
  }
}

/** Parts are views of the message. */
function readChanges(reader: Reader): LifeChanges {
  const life = readLife(reader)
  const ended = readBoolean(reader)
  const parts = many(reader, 1, replicationLimits.messageChangesMax, (from) =>
    from.view(from.varint(limits.changeBytesMax)),
  )
  return { ...life, ended, parts }
}

function writeCell(writer: Writer, { count, sum, check }: Cell): void {
  writeSigned(writer, count)
  writeHash(writer, sum)
  writeWord(writer, check)
}

function readCell(reader: Reader): Cell {
  return { count: readSigned(reader), sum: readHash(reader), check: readWord(reader) }
}

function writeHashes(writer: Writer, hashes: readonly Hash64[]): void {
  writer.varint(hashes.length)
  for (const hash of hashes) writeHash(writer, hash)
}

function readHashes(reader: Reader): Hash64[] {
  return many(reader, HASH_BYTES, replicationLimits.messageLivesMax, readHash)
}

function readWanted(reader: Reader): WantedRange {
  const actor = readActor(reader)
  return { actor, from: reader.varint(limits.dotCounterMax), to: reader.varint(limits.dotCounterMax) }
}

const LAST = 1
const LISTED = 2

function writeRange(writer: Writer, { end, count, sum, items }: ItemRange): void {
  writer.byte((end === undefined ? LAST : 0) | (items === undefined ? 0 : LISTED))
  if (end !== undefined) writeHash(writer, end)
  if (items !== undefined) writeHashes(writer, items)
  else {
    writer.varint(count)
    writeHash(writer, sum)
  }
}

function readRange(reader: Reader): ItemRange {
  const flags = reader.byte()
  if (flags > (LAST | LISTED)) reader.invalid('not canonical')
  const end = flags & LAST ? {} : { end: readHash(reader) }
  if (!(flags & LISTED)) return { ...end, count: reader.varint(), sum: readHash(reader) }
  const items = readHashes(reader)
  return { ...end, count: items.length, sum: { high: 0, low: 0 }, items }
}

function readPresence(reader: Reader): PresenceNews {
  const node = reader.string(nodeIdBytesMax)
  return { node, sequence: reader.varint(), state: reader.view(reader.varint(presenceBytesMax)) }
}

type Probe = Omit<Of<'ping'>, 'kind'>

function writeProbe(writer: Writer, { sequence, target, news }: Probe): void {
  writer.varint(sequence)
  writer.string(target)
  writer.varint(news.length)
  for (const each of news) writeNews(writer, each)
}

function readProbe(reader: Reader): Probe {
  const sequence = reader.varint()
  const target = reader.string(nodeIdBytesMax)
  return { sequence, target, news: many(reader, NEWS_BYTES, membersPerMessageMax, readNews) }
}

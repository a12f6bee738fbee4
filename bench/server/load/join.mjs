/** A document of many small records, and how long it takes somebody who has nothing to have all of it. */
import { connectGroups, documentName, leave, saved } from './groups.mjs'
import { treeCpuMicros } from './procfs.mjs'

const PREFIX = 'large'
const TURN_RECORDS = 50
const JOIN_LIMIT_MS = 60_000
const WORDS = 'write the minutes of the last meeting and send them to all who were there before noon on friday'.split(
  ' ',
)

const recordOf = (i) => ({
  title: Array.from({ length: 10 }, (_, word) => WORDS[(i * 7 + word * 3) % WORDS.length]).join(' '),
  done: i % 3 === 0,
  owner: `owner-${i % 40}`,
  created: 1_790_000_000_000 + i * 60_000,
})

/** Writes the document, a record per transaction, and stays in it. */
export async function fill(connect, { port, records }) {
  const groups = await connectGroups(connect, { port, groups: 1, size: 1, prefix: PREFIX })
  const [writer] = groups[0].live
  for (let i = 0; i < records; i += 1) {
    writer.addRecord(`record-${i}`, recordOf(i))
    if (i % TURN_RECORDS === 0) await saved(groups)
  }
  await saved(groups)
  const { length } = writer.readRecords()
  return { groups, documentBytes: writer.documentBytes, titleLength: length }
}

/** Time from connecting until all records can be read, and what arrived for it. */
export async function join(connect, { port, serverPid, records, titleLength }) {
  const before = { client: process.cpuUsage(), server: treeCpuMicros(serverPid) }
  const began = performance.now()
  const client = connect({ port, name: documentName(PREFIX, 0), node: `joins-${Math.round(began)}` })
  await client.ready
  let read = client.readRecords()
  while (read.count < records && performance.now() - began < JOIN_LIMIT_MS) {
    await new Promise((resolve) => setTimeout(resolve, 1))
    read = client.readRecords()
  }
  const ms = performance.now() - began
  const { user, system } = process.cpuUsage(before.client)
  const cpu = { client: (user + system) / 1000, server: (treeCpuMicros(serverPid) - before.server) / 1000 }
  if (read.count !== records || read.length !== titleLength)
    throw new Error(`${read.count} records instead of ${records}`)
  // What would be sent a second time comes after the first.
  await new Promise((resolve) => setTimeout(resolve, 300))
  const bytes = client.receivedBytes
  leave([{ live: [client], readers: [] }])
  return { ms, bytes, cpu }
}

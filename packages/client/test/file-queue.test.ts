/** What a crash, a foreign hand or a full medium can do to a file queue. */
import { spawnSync } from 'node:child_process'
import { appendFileSync, existsSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { fileQueue } from '../src/file-queue.ts'
import { encodeLine, JOURNAL_HEADER, readJournal } from '../src/queue/file/journal.ts'
import { sqliteQueue } from '../src/sqlite-queue.ts'
import { seeded } from './support/random.ts'
import { temporaryDirectory } from './support/temporary-directory.ts'

const root = temporaryDirectory()
let count = 0

function newDirectory(): string {
  count += 1
  return join(root, `queue-${count}`)
}

async function filled(): Promise<string> {
  const directory = newDirectory()
  const queue = await fileQueue({ directory })
  for (let i = 0; i < 10; i += 1) await queue.write([[`k${i}`, `value ${i}`]])
  await queue.close()
  return directory
}

const journalOf = (directory: string): string => join(directory, 'queue.journal')

test('a line torn at any byte is cut off, and the queue goes on behind the last whole one', async () => {
  const directory = await filled()
  const whole = readFileSync(journalOf(directory))
  const lastLine = whole.lastIndexOf(10, whole.length - 2) + 1
  for (let size = lastLine; size < whole.length; size += 1) {
    writeFileSync(journalOf(directory), whole.subarray(0, size))
    const queue = await fileQueue({ directory })
    expect((await queue.read()).size).toBe(9)
    await queue.write([['next', 'one']])
    await queue.close()
    const again = await fileQueue({ directory })
    expect((await again.read()).get('next')).toBe('one')
    await again.close()
  }
})

test('a header torn at any byte is an empty queue', async () => {
  for (let size = 0; size < JOURNAL_HEADER.length; size += 1) {
    const directory = await filled()
    truncateSync(journalOf(directory), size)
    const queue = await fileQueue({ directory })
    expect((await queue.read()).size).toBe(0)
    await queue.write([['a', '1']])
    await queue.close()
  }
})

test('an end of zeros or noise, as a loss of power leaves it, is cut off', async () => {
  for (const noise of [Buffer.alloc(4096), Buffer.from('deadbeef [["k0","lost"]]\n'), Buffer.from([255, 10, 0, 10])]) {
    const directory = await filled()
    appendFileSync(journalOf(directory), noise)
    const queue = await fileQueue({ directory })
    expect((await queue.read()).get('k0')).toBe('value 0')
    await queue.close()
  }
})

test('damage before the end is reported, whichever byte it hits, and nothing is lost of the file', async () => {
  const directory = await filled()
  const whole = readFileSync(journalOf(directory))
  const random = seeded(3)
  const lastLine = whole.lastIndexOf(10, whole.length - 2) + 1
  for (let i = 0; i < 40; i += 1) {
    const damaged = Buffer.from(whole)
    const at = JOURNAL_HEADER.length + random.below(lastLine - JOURNAL_HEADER.length)
    damaged[at]! ^= 1 << random.below(8)
    writeFileSync(journalOf(directory), damaged)
    await expect(fileQueue({ directory })).rejects.toMatchObject({ code: 'CLIENT_QUEUE_CORRUPT' })
    expect(readFileSync(journalOf(directory)).equals(damaged)).toBe(true)
  }
})

test('random bytes never do anything but throw a typed error', () => {
  const random = seeded(9)
  for (let i = 0; i < 2000; i += 1) {
    const bytes = Buffer.from(Array.from({ length: random.below(100) }, () => random.below(256)))
    const journal =
      random.below(2) === 0 ? bytes : Buffer.concat([Buffer.from(JOURNAL_HEADER), encodeLine([['a', '1']]), bytes])
    try {
      readJournal(journal, 'x')
    } catch (error) {
      expect(error).toMatchObject({ name: 'ClientError' })
    }
  }
})

test('a file of another kind or a newer format is not touched', async () => {
  const directory = await filled()
  for (const content of ['joinery-queue 2\n', 'dear diary\n']) {
    writeFileSync(journalOf(directory), content)
    await expect(fileQueue({ directory })).rejects.toMatchObject({ code: 'CLIENT_QUEUE_FOREIGN' })
    expect(readFileSync(journalOf(directory), 'utf8')).toBe(content)
  }
  const path = join(root, 'not-a-database')
  writeFileSync(path, 'dear diary\n'.repeat(100))
  await expect(sqliteQueue({ path })).rejects.toMatchObject({ code: 'CLIENT_QUEUE_FOREIGN' })
})

test('the journal does not grow with history, and is readable by its owner only', async () => {
  const directory = newDirectory()
  const queue = await fileQueue({ directory, limits: { compactionBytesMin: 10_000 } })
  for (let i = 0; i < 1000; i += 1) await queue.write([['same', `${i} ${'x'.repeat(100)}`]])
  expect(statSync(journalOf(directory)).size).toBeLessThan(11_000)
  expect(statSync(journalOf(directory)).mode & 0o077).toBe(0)
  await queue.close()
  // What a crash in the middle of a rewrite leaves behind is of no account.
  writeFileSync(`${journalOf(directory)}.new`, 'half')
  const again = await fileQueue({ directory })
  expect((await again.read()).get('same')).toContain('999 ')
  expect(existsSync(`${journalOf(directory)}.new`)).toBe(false)
  await again.close()
})

test('the lock of a process that is gone is taken over, that of a living one is not', async () => {
  const directory = await filled()
  const gone = spawnSync(process.execPath, ['-e', '']).pid
  const lock = (number: number, holder: object): void =>
    writeFileSync(join(directory, `lock.${number}`), JSON.stringify(holder))
  lock(7, { pid: gone, host: hostname(), began: '1', released: false })
  const queue = await fileQueue({ directory })
  await queue.close()
  // A process that has the same number by now, but began at another time.
  lock(9, { pid: process.pid, host: hostname(), began: '1', released: false })
  await (await fileQueue({ directory })).close()
  lock(20, { pid: process.ppid, host: hostname(), began: '', released: false })
  await expect(fileQueue({ directory })).rejects.toMatchObject({ code: 'CLIENT_QUEUE_LOCKED' })
  lock(20, { pid: gone, host: 'elsewhere', began: '', released: false })
  await expect(fileQueue({ directory })).rejects.toThrow(/delete .*lock\.20/)
  // Torn by a crash of the system: whoever wrote it is gone.
  writeFileSync(join(directory, 'lock.20'), '{"pid":')
  const last = await fileQueue({ directory })
  expect(readdirSync(directory).filter((name) => name.startsWith('lock'))).toEqual(['lock.21'])
  await last.close()
})

import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { loadDriver } from '../src/sqlite/driver.ts'
import { applicationId, format, migrations } from '../src/sqlite/schema.ts'
import { statementSql } from '../src/sqlite/statements.ts'
import { sqliteStore } from '../src/sqlite.ts'
import { doc, expectGolden, write } from './store-helpers.ts'
import { temporaryDirectory } from './temporary-directory.ts'

const directory = temporaryDirectory()
let count = 0

function newPath(): string {
  count += 1
  return join(directory, `${count}`, 'store.sqlite')
}

/** Makes a file with plain SQL, as another program would. */
async function sqlFile(sql: string): Promise<string> {
  const path = newPath()
  mkdirSync(dirname(path))
  const database = (await loadDriver()).open(path)
  database.exec(sql)
  database.close()
  return path
}

async function expectRefused(path: string, code: string) {
  const before = readFileSync(path)
  const files = readdirSync(dirname(path))
  await expect(sqliteStore({ path })).rejects.toMatchObject({ name: 'StoreError', code })
  expect(readFileSync(path).equals(before)).toBe(true)
  expect(readdirSync(dirname(path))).toEqual(files)
}

describe('the file', () => {
  test('directories are created, and all of it is for the owner only', async () => {
    const path = join(directory, 'deep', 'er', 'store.sqlite')
    const store = await sqliteStore({ path })
    await write(store, 1)
    const files = readdirSync(dirname(path)).sort()
    expect(files).toEqual(['store.sqlite', 'store.sqlite-wal', 'store.sqlite.fence'])
    for (const file of files) expect(statSync(join(dirname(path), file)).mode & 0o777).toBe(0o600)
    expect(statSync(dirname(path)).mode & 0o777).toBe(0o700)
    expect(statSync(join(directory, 'deep')).mode & 0o777).toBe(0o700)
    await store.close()
  })

  test('close leaves the database and its fence, and no log that a copy could miss', async () => {
    const path = newPath()
    const store = await sqliteStore({ path })
    await write(store, 100)
    await store.close()
    expect(readdirSync(dirname(path)).sort()).toEqual(['store.sqlite', 'store.sqlite.fence'])
  })

  test('an empty file becomes a store', async () => {
    const path = newPath()
    mkdirSync(dirname(path))
    writeFileSync(path, '')
    const store = await sqliteStore({ path })
    await write(store, 1)
    await store.close()
  })

  test('through a symbolic link it is the same store', async () => {
    const path = newPath()
    const store = await sqliteStore({ path })
    const link = join(directory, 'link.sqlite')
    symlinkSync(path, link)
    await expect(sqliteStore({ path: link })).rejects.toMatchObject({ code: 'STORE_LOCKED' })
    await store.close()
    const linked = await sqliteStore({ path: link })
    expect(linked.identity).toEqual({ storeId: store.identity.storeId, continuous: true })
    await linked.close()
    expect(existsSync(`${link}.fence`)).toBe(false)
  })

  test('what cannot be a file is STORE_IO, a store in memory STORE_ARGUMENT', async () => {
    await expect(sqliteStore({ path: directory })).rejects.toMatchObject({ code: 'STORE_IO' })
    const file = await sqlFile('')
    await expect(sqliteStore({ path: join(file, 'below') })).rejects.toMatchObject({ code: 'STORE_IO' })
    await expect(sqliteStore({ path: ':memory:' })).rejects.toMatchObject({ code: 'STORE_ARGUMENT' })
    const failure = await sqliteStore({ path: directory }).catch((error) => error)
    expect(failure.cause).toBeInstanceOf(Error)
  })
})

describe('the format', () => {
  test('what is not a SQLite database is refused and left as it is', async () => {
    const path = newPath()
    mkdirSync(dirname(path))
    writeFileSync(path, 'a letter to the editor\n'.repeat(500))
    await expectRefused(path, 'STORE_FORMAT')
  })

  test('the database of another program is refused and left as it is', async () => {
    const foreign = 'CREATE TABLE t (a); INSERT INTO t VALUES (1);'
    await expectRefused(await sqlFile(foreign), 'STORE_FORMAT')
    await expectRefused(await sqlFile(`PRAGMA journal_mode = WAL; ${foreign}`), 'STORE_FORMAT')
    await expectRefused(await sqlFile(`PRAGMA user_version = 1; ${foreign}`), 'STORE_FORMAT')
    await expectRefused(await sqlFile(`PRAGMA application_id = 1; ${foreign}`), 'STORE_FORMAT')
    await expectRefused(await sqlFile('PRAGMA user_version = 7'), 'STORE_FORMAT')
  })

  test('a store of a newer format is refused and left as it is', async () => {
    const own = `PRAGMA application_id = ${applicationId}; CREATE TABLE t (a);`
    await expectRefused(await sqlFile(`${own} PRAGMA user_version = ${format + 1}`), 'STORE_FORMAT')
    await expectRefused(await sqlFile(`${own} PRAGMA user_version = -1`), 'STORE_FORMAT')
    await expectRefused(await sqlFile(`${own} PRAGMA user_version = 0`), 'STORE_FORMAT')
  })

  test('a file that calls itself a store and has not its tables is refused', async () => {
    const path = await sqlFile(`PRAGMA application_id = ${applicationId}; PRAGMA user_version = 1; CREATE TABLE t (a)`)
    await expect(sqliteStore({ path })).rejects.toMatchObject({ code: 'STORE_FORMAT' })
    // And the failed attempt has let go of it.
    await expect(sqliteStore({ path })).rejects.toMatchObject({ code: 'STORE_FORMAT' })
  })

  test('a step that was released is never changed: a change of the schema is a new one', () => {
    const digests = migrations.map((step) => {
      const meaning = step.replace(/--.*$/gm, '').replace(/\s+/g, ' ').trim()
      return createHash('sha256').update(meaning).digest('hex')
    })
    expect(digests).toEqual([
      'cb44758d29128ca7eeb6b9833734843403d1f6a12c247bd236af1466929fb300',
      '586e716c36ca690d74179a15fc595d5362e076897419b8fa4f3ebc544fe2d77e',
    ])
    expect(format).toBe(digests.length)
  })

  async function copied(name: string): Promise<string> {
    const path = newPath()
    mkdirSync(dirname(path))
    cpSync(new URL(`golden/${name}`, import.meta.url), path)
    return path
  }

  test.each(['format-1.sqlite', 'format-2.sqlite'])('a store is read as it was written: %s', async (name) => {
    const path = await copied(name)
    const store = await sqliteStore({ path })
    expect(store.identity.continuous).toBe(false)
    await expectGolden(store)
    await store.close()
  })

  test('format 2 knows positions that another tenant has as well', async () => {
    const store = await sqliteStore({ path: await copied('format-2.sqlite') })
    const log = await store.tenantLog('imported', { after: 0, limit: 10 })
    expect(log.map(({ version, position }) => [version, position])).toEqual([
      [1, 3],
      [2, 9],
    ])
    await store.close()
  })

  test('a store of format 1 goes on as one of the newest: old positions stay, new ones come after', async () => {
    const path = await copied('format-1.sqlite')
    for (let open = 0; open < 2; open += 1) {
      const store = await sqliteStore({ path })
      await write(store, 2)
      const log = await store.tenantLog('tenant', { after: 3, limit: 10 })
      const expected = [5, 7, 8, 9, 10, 11, 12].slice(0, 5 + open * 2)
      expect(log.map(({ position }) => position)).toEqual(expected)
      const arrived = await store.tenantLog('tenant', { after: 8, limit: 1 })
      expect(arrived).toEqual(await store.log(doc, { after: 0, limit: 1 }))
      await store.close()
    }
    const database = (await loadDriver()).open(path)
    expect(database.prepare('PRAGMA user_version').get()).toEqual({ user_version: format })
    database.close()
  })

  test('an upgrade that fails half-way leaves the old store as it was', async () => {
    const path = await copied('format-1.sqlite')
    const sabotage = (await loadDriver()).open(path)
    // The last statement of the step finds its name taken.
    sabotage.exec('DROP INDEX log_arrival; CREATE INDEX log_arrival_old ON log (tenant); CREATE TABLE log_arrival (a)')
    sabotage.close()
    await expectRefused(path, 'STORE_FORMAT')
  })
})

describe('statements', () => {
  test('none scans a table or sorts', async () => {
    const path = newPath()
    const store = await sqliteStore({ path })
    await write(store, 1)
    await store.close()
    const database = (await loadDriver()).open(path)
    for (const [name, sql] of Object.entries(statementSql)) {
      if (!/^(SELECT|INSERT|UPDATE|DELETE)/.test(sql)) continue
      const parameters = sql.match(/\?\d*/g)!.filter((one, i, list) => one === '?' || list.indexOf(one) === i)
      const plan = database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...parameters.map(() => 1))
      const steps = plan.map((row) => (row as { detail: string }).detail)
      // The one-row table has nothing to search by.
      const costly = steps.filter((step) => /SCAN (?!store)|TEMP B-TREE|AUTOMATIC/.test(step))
      expect({ name, costly }).toEqual({ name, costly: [] })
    }
    database.close()
  })

  test('a page of living documents does not walk over the deleted ones', async () => {
    const store = await sqliteStore({ path: newPath() })
    const keys = Array.from({ length: 2000 }, (_, i) => ({ tenant: 'tenant', id: `doc ${String(i).padStart(4, '0')}` }))
    await Promise.all(keys.map((key) => write(store, 1, key)))
    const entries = [{ change: new Uint8Array(0), attributes: '' }]
    const ending = keys.slice(0, 1990).map((key) => {
      return store.commit({ key, expectedVersion: 1, kind: 'end', incarnation: 'life', entries })
    })
    await Promise.all(ending)
    const { items } = await store.documents('tenant', { limit: 5 })
    expect(items.map(({ key }) => key)).toEqual(keys.slice(1990, 1995))
    await store.close()
  })
})

describe('more than one opener', () => {
  test('many at once: one gets the store, the others STORE_LOCKED', async () => {
    const path = newPath()
    const attempts = await Promise.allSettled(Array.from({ length: 10 }, () => sqliteStore({ path })))
    const opened = attempts.filter((one) => one.status === 'fulfilled')
    expect(opened.length).toBe(1)
    for (const one of attempts)
      if (one.status === 'rejected') expect(one.reason).toMatchObject({ code: 'STORE_LOCKED' })
    const store = opened[0]!.value
    await write(store, 1)
    expect((await store.head(doc))?.version).toBe(1)
    await store.close()
  })

  test('a store opens again at once after close, many times over', async () => {
    const path = newPath()
    for (let i = 0; i < 30; i += 1) {
      const store = await sqliteStore({ path })
      await write(store, 1)
      await store.close()
    }
    const store = await sqliteStore({ path })
    expect((await store.head(doc))?.version).toBe(30)
    await store.close()
  })
})

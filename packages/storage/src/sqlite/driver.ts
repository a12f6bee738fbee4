/**
 * The little of SQLite that this package calls: the API of `node:sqlite`, which Node 22.13 and later have built in.
 * `@photostructure/sqlite` is the same API for older ones.
 *
 * Text is always bound and read as bytes. The text calls of a driver may stop at a NUL character, and do in one of the two.
 */
type SqlValue = number | Uint8Array | null

export interface SqliteStatement {
  run(...parameters: SqlValue[]): { readonly changes: number | bigint; readonly lastInsertRowid: number | bigint }
  get(...parameters: SqlValue[]): unknown
  all(...parameters: SqlValue[]): unknown[]
}

export interface SqliteDatabase {
  exec(sql: string): void
  prepare(sql: string): SqliteStatement
  function(name: string, call: (...values: unknown[]) => null): void
  close(): void
}

export interface SqliteDriver {
  /** Opens the file, which exists. */
  open(path: string): SqliteDatabase
}

interface SqliteModule {
  readonly DatabaseSync: new (path: string) => SqliteDatabase
}

/** The SQLite of this Node, or the package that stands in for it. */
export async function loadDriver(): Promise<SqliteDriver> {
  const builtIn = process.getBuiltinModule?.('node:sqlite') as SqliteModule | undefined
  // Imported only when needed: where Node has SQLite, a platform without a prebuilt binary works as well.
  const { DatabaseSync }: SqliteModule = builtIn ?? (await import('@photostructure/sqlite'))
  return { open: (path) => new DatabaseSync(path) }
}

/**
 * Answers the first column of the first row, and leaves no statement behind.
 *
 * A prepared statement lives until it is garbage collected, and in `@photostructure/sqlite` it keeps a closed database, and
 * its file lock, alive so long. What is asked before the database is known to be ours must not do that: it goes through
 * `exec`, which finishes its statements, and a function that notes what it is called with.
 */
export type Peek = (column: string, from: string) => unknown

export function peekInto(database: SqliteDatabase): Peek {
  const seen: unknown[] = []
  database.function('joinery_peek', (value) => {
    seen.push(value)
    return null
  })
  return (column, from) => {
    seen.length = 0
    database.exec(`SELECT joinery_peek(${column}) FROM ${from}`)
    return seen[0]
  }
}

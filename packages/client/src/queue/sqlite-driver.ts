/** The little of SQLite that the queue calls: the API of `node:sqlite`, or of the package that stands in for it. */
export interface SqliteDatabase {
  exec(sql: string): void
  prepare(sql: string): {
    run(...parameters: Uint8Array[]): unknown
    all(...parameters: Uint8Array[]): unknown[]
  }
  close(): void
}

interface SqliteModule {
  readonly DatabaseSync: new (path: string) => SqliteDatabase
}

export async function loadSqlite(): Promise<SqliteModule> {
  const builtIn = process.getBuiltinModule?.('node:sqlite') as SqliteModule | undefined
  // Imported only when needed: where Node has SQLite, a platform without a prebuilt binary works as well.
  return builtIn ?? ((await import('@photostructure/sqlite')) as SqliteModule)
}

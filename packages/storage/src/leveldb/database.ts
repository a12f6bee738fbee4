import { ClassicLevel } from 'classic-level'

/** Keys are text in the order of their UTF-8 bytes, values are bytes. */
export type Database = ClassicLevel<string, Uint8Array>

export interface DatabaseOptions {
  readonly path: string
  readonly limits: {
    readonly writeBufferBytesMax: number
    readonly cacheBytesMax: number
    readonly openFilesMax: number
  }
}

/** Opens the directory as its only owner and recovers what its log holds. */
export async function openDatabase({ path, limits }: DatabaseOptions): Promise<Database> {
  const database: Database = new ClassicLevel(path, {
    keyEncoding: 'utf8',
    valueEncoding: 'view',
    writeBufferSize: limits.writeBufferBytesMax,
    cacheSize: limits.cacheBytesMax,
    maxOpenFiles: limits.openFilesMax,
  })
  await database.open()
  return database
}

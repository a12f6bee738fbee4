/** Stable codes of what moves data between stores and files. */
export type DataErrorCode =
  /** The target holds other data. Give an empty store; nothing was written to this one. */
  | 'DATA_TARGET_NOT_EMPTY'
  /** Source and target are the same store. Give another target. */
  | 'DATA_TARGET_IS_SOURCE'
  /** What was written is not what was read: something wrote to the source or the target meanwhile. Stop it, then run the command again. */
  | 'DATA_DIFFERS'
  /** It was interrupted. Run the same command again: it goes on where it stopped. */
  | 'DATA_INTERRUPTED'
  /** A line of the file is damaged, or says what no store can have; `line` says which. Use another copy of the file. */
  | 'DATA_DAMAGED'
  /** The file ends before its last line: it was cut, or whoever wrote it was interrupted. Use another copy of the file. */
  | 'DATA_TRUNCATED'
  /** This is no archive, or one of a newer format. Use a version of Joinery at least as new as the one that wrote it. */
  | 'DATA_FORMAT'
  /** The archive has only a part of a store. Use `joinery import`, which adds documents to a store. */
  | 'DATA_NOT_BACKUP'
  /** The document is there already, or was deleted there. Choose what to do with those by `--existing`, or import into another store. */
  | 'DATA_EXISTS'
  /** There is no such document or tenant. */
  | 'DATA_NOT_FOUND'

export interface DataErrorOptions extends ErrorOptions {
  /** Of the file, from 1 on. */
  readonly line?: number
}

/** Moving data was refused, or failed. */
export class DataError extends Error {
  override readonly name = 'DataError'
  readonly code: DataErrorCode
  readonly line: number | undefined

  constructor(code: DataErrorCode, message: string, options: DataErrorOptions = {}) {
    super(options.line === undefined ? message : `line ${options.line}: ${message}`, { cause: options.cause })
    this.code = code
    this.line = options.line
  }
}

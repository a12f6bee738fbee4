import { defaultQueueLimits, type QueueLimits } from '../common/limits.ts'

/** Bounds of a LevelDB store: those of its queue, and what LevelDB itself may use. */
export interface LevelLimits extends QueueLimits {
  /**
   * Size of LevelDB's log at which it becomes a sorted table. Two may be in memory at a time, and one is read again after a
   * crash, so larger makes writing cheaper and recovery longer. Default 16 MiB, under a second of recovery.
   */
  readonly writeBufferBytesMax: number
  /** Memory of LevelDB's cache of blocks. Default 32 MiB: heads and the ends of logs of some ten thousand busy documents. */
  readonly cacheBytesMax: number
  /** Tables that LevelDB keeps open, within what the system grants a process. Default 500, about 1 GB of data. */
  readonly openFilesMax: number
  /** Keys and values that a scan fetches at a time, so that others get their turn in between. Default 1 000. */
  readonly scanItemsMax: number
  /** Bytes that a scan fetches at a time, for the same reason. Default 1 MiB. */
  readonly scanBytesMax: number
}

export const defaultLevelLimits: LevelLimits = {
  ...defaultQueueLimits,
  writeBufferBytesMax: 16 * 1024 * 1024,
  cacheBytesMax: 32 * 1024 * 1024,
  openFilesMax: 500,
  scanItemsMax: 1_000,
  scanBytesMax: 1024 * 1024,
}

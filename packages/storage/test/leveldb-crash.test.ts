import { join } from 'node:path'
import { describe } from 'vitest'
import { levelStore } from '../src/leveldb.ts'
import { killCases, lockCase, processes } from './crash/kill-cases.ts'
import { temporaryDirectory } from './temporary-directory.ts'

const directory = temporaryDirectory()

describe('a killed process', () => {
  const path = join(directory, 'crash')
  killCases({
    kills: { usual: 3, soak: 30 },
    // With a small buffer the kills hit LevelDB while it turns its log into tables, too.
    start: processes((dice) => ({
      kind: 'leveldb',
      options: { path, limits: { writeBufferBytesMax: 65_536 << dice(6) } },
    })),
    open: () => levelStore({ path }),
  })

  const locked = join(directory, 'lock')
  lockCase({
    start: processes(() => ({ kind: 'leveldb', options: { path: locked } })),
    open: () => levelStore({ path: locked }),
  })
})

import { join } from 'node:path'
import { fileQueue } from '../src/file-queue.ts'
import { type MemoryQueueMedium, memoryQueue, memoryQueueMedium } from '../src/http.ts'
import { sqliteQueue } from '../src/sqlite-queue.ts'
import { testQueue } from './support/queue-suite.ts'
import { temporaryDirectory } from './support/temporary-directory.ts'

const directory = temporaryDirectory()
const media = new Map<string, MemoryQueueMedium>()

testQueue('memory', async (place) => {
  const medium = media.get(place) ?? memoryQueueMedium()
  media.set(place, medium)
  return memoryQueue(medium)
})
// A small threshold, so that the suite crosses many compactions.
testQueue('file', (place) => fileQueue({ directory: join(directory, place), limits: { compactionBytesMin: 2000 } }))
testQueue('sqlite', (place) => sqliteQueue({ path: join(directory, `${place}.sqlite`) }))

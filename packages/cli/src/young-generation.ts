/**
 * How much of memory V8 keeps for what is new. It lets that part grow to twice 16 MiB while anything that lasts is made, such as
 * connections, and does not give it back: four hundred connections then look as if they took twice as much. Half of that collects as
 * quickly here.
 */
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8'

const BYTES_MAX = 16 * 1024 * 1024
/** How often its size is looked at until it is there. */
const LOOK_MS = 250

/** Stops the growth once it has the size that is enough. Answers what ends the looking. */
export function boundYoungGeneration(bytesMax: number = BYTES_MAX): () => void {
  const timer = setInterval(() => {
    if (youngBytes() < bytesMax) return
    // Read each time before it grows. The option that names a maximum is read at the start only, which is Node's.
    setFlagsFromString('--semi-space-growth-factor=1')
    clearInterval(timer)
  }, LOOK_MS)
  timer.unref()
  return () => clearInterval(timer)
}

export function youngBytes(): number {
  return getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space')?.space_size ?? 0
}

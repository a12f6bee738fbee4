/**
 * What a value occupies: the JavaScript heap, and what lies outside of it (buffers, and the linear memory of WebAssembly, which
 * never shrinks: for such peers the figure is a high-water mark).
 */

function occupiedBytes() {
  for (let i = 0; i < 4; i += 1) globalThis.gc()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

/** Megabytes occupied after `make` beyond those before, with its result alive. */
export function memoryOf(make) {
  const before = occupiedBytes()
  const kept = make()
  const after = occupiedBytes()
  if (kept === undefined) throw new Error('nothing was kept')
  return (after - before) / 1e6
}

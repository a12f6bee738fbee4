/** Loaded into every server before its own code: says over IPC what the process occupies, after a collection if asked to. */
process.on('message', ({ collect }) => {
  if (collect) for (let i = 0; i < 3; i += 1) globalThis.gc()
  const { rss, heapUsed, external } = process.memoryUsage()
  process.send({ rss, heap: heapUsed + external })
})
// Who listens keeps the process alive, and a server must end when it is told to.
process.channel.unref()

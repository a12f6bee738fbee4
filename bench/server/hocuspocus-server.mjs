/** `hocuspocus-server.mjs FOLDER`: the peer as its manual sets it up, with a file per document, written 2 s after the last change. */
import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Server } from '@hocuspocus/server'
import { applyUpdate, encodeStateAsUpdate } from 'yjs'

const [folder] = process.argv.slice(2)
const fileOf = (name) => join(folder, `${encodeURIComponent(name)}.yjs`)

const server = new Server({
  address: '127.0.0.1',
  quiet: true,
  stopOnSignals: true,
  async onLoadDocument({ document, documentName }) {
    const bytes = await readFile(fileOf(documentName)).catch((error) => {
      if (error.code !== 'ENOENT') throw error
    })
    if (bytes !== undefined) applyUpdate(document, bytes)
  },
  async onStoreDocument({ document, documentName }) {
    const file = fileOf(documentName)
    await writeFile(`${file}.new`, encodeStateAsUpdate(document))
    await rename(`${file}.new`, file)
  },
})
server.configuration.port = 0
await server.listen()
process.stdout.write(`listening on ${server.webSocketURL}\n`)

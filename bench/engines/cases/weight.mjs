/**
 * What a web page loads: a minimal import, bundled and minified, with the WebAssembly it needs, compressed with gzip.
 *   weight:core     what documents of all kinds need
 *   weight:text     text alone, of ours without documents; `document` is ours with documents
 *   weight:counter  a counter alone
 * A peer that has no smaller import has the same weight in all.
 */
import { readFileSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'

const BENCH = fileURLToPath(new URL('../..', import.meta.url))
const BEST = { level: 9 }

async function bundled(contents, resolveDir) {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir, loader: 'js' },
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    outdir: 'out',
    mainFields: ['browser', 'module', 'main'],
    external: ['fs', 'path', 'util', 'node:*', '*.wasm'],
    logLevel: 'silent',
  })
  return Buffer.from(outputFiles[0].contents)
}

const wasmOf = ({ wasm = [] }) => wasm.map((name) => `${BENCH}/node_modules/${name}`)

async function weigh(peer, source) {
  const script = await bundled(source, peer.home ?? BENCH)
  const files = wasmOf(peer)
  const raw = script.length + files.reduce((sum, file) => sum + statSync(file).size, 0)
  const gzip =
    gzipSync(script, BEST).length + files.reduce((sum, file) => sum + gzipSync(readFileSync(file), BEST).length, 0)
  return { raw, gzip }
}

/** Figures of one peer, in the form that processes of other cases have. */
async function runOf(peer, part, metrics) {
  const figures = new Map()
  const failures = new Map()
  try {
    const { raw, gzip } = await weigh(peer, peer.weights[part] ?? peer.weights.core)
    figures.set('gzip', [gzip])
    figures.set('raw', [raw])
    const document = peer.weights[`${part}-document`]
    if (document !== undefined) figures.set('document', [(await weigh(peer, document)).gzip])
  } catch (error) {
    for (const metric of metrics) failures.set(metric, String(error.message).split('\n')[0])
  }
  return { peer, figures, failures }
}

const kindOf = { core: undefined, text: 'text', counter: 'counter' }

const caseOf = (part) => ({
  name: `weight:${part}`,
  metrics: { gzip: 'bytes', raw: 'bytes', ...(part === 'text' ? { document: 'bytes' } : {}) },
  drive: async (_found, peers) => {
    const able = peers.filter(({ runs, kinds, weights }) => {
      return runs !== 'floor' && weights.core !== undefined && (part === 'core' || kinds.includes(kindOf[part]))
    })
    const runs = []
    for (const peer of able) runs.push(await runOf(peer, part, ['gzip', 'raw']))
    return runs
  },
})

export const weightCases = Object.keys(kindOf).map(caseOf)

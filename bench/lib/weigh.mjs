/** What a web page loads: an import, bundled and minified, with the WebAssembly it needs, compressed with gzip. */
import { readFileSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'

const BENCH = fileURLToPath(new URL('..', import.meta.url))
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

/**
 * @param source the importing module. @param wasm files that it loads, below `node_modules`. @param home where it resolves packages.
 * @returns bytes as they are, and compressed.
 */
export async function weigh(source, { wasm = [], home = BENCH } = {}) {
  const script = await bundled(source, home)
  const files = wasm.map((name) => `${BENCH}/node_modules/${name}`)
  const raw = script.length + files.reduce((sum, file) => sum + statSync(file).size, 0)
  const gzip =
    gzipSync(script, BEST).length + files.reduce((sum, file) => sum + gzipSync(readFileSync(file), BEST).length, 0)
  return { raw, gzip }
}

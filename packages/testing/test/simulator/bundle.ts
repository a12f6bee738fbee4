/** The simulator with one source replaced, as a module of its own: the sources stay as they are. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { simulate } from '@joinery/testing'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('../../../../', import.meta.url))

interface Replacement {
  readonly file: string
  readonly find: string
  readonly replace: string
}

/** Bundles the simulator, replaced in one place, and answers it. Throws where the place is not found once. */
export async function simulatorWith({ file, find, replace }: Replacement): Promise<typeof simulate> {
  const source = await readFile(join(root, file), 'utf8')
  if (source.split(find).length !== 2) throw new Error(`${file} does not have this once: ${find}`)
  const contents = source.replace(find, () => replace)
  const result = await build({
    stdin: { contents: `export { simulate } from './packages/testing/src/simulator/simulation.ts'`, resolveDir: root },
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
    conditions: ['@joinery/source'],
    plugins: [
      {
        name: 'replacement',
        setup(bundler) {
          bundler.onLoad({ filter: /\.ts$/ }, ({ path }) =>
            path === join(root, file) ? { contents, loader: 'ts' } : undefined,
          )
        },
      },
    ],
  })
  const folder = await mkdtemp(join(tmpdir(), 'joinery-simulator-'))
  try {
    const path = join(folder, 'simulator.mjs')
    await writeFile(path, result.outputFiles[0]?.text ?? '')
    const module: { readonly simulate: typeof simulate } = await import(pathToFileURL(path).href)
    return module.simulate
  } finally {
    await rm(folder, { recursive: true })
  }
}

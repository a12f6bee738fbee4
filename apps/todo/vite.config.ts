import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import react from '@vitejs/plugin-react'
import { defaultClientConditions, defineConfig, type Plugin } from 'vite'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/** The service worker, which is told what the app is made of: another build is another worker, and another cache. */
function serviceWorker(): Plugin {
  return {
    name: 'service-worker',
    apply: 'build',
    generateBundle(_, bundle) {
      // Letters that few lists have come from the server, or look like those of the system.
      const rare = /\.html$|-(cyrillic|greek|vietnamese)/
      const files = [...Object.keys(bundle), ...readdirSync(here('public'))].filter((name) => !rare.test(name))
      const hash = createHash('sha256')
      for (const name of Object.keys(bundle).sort()) hash.update(name)
      for (const name of ['index.html', ...readdirSync(here('public')).map((name) => `public/${name}`)]) {
        hash.update(readFileSync(here(name)))
      }
      const source = readFileSync(here('src/service-worker.js'), 'utf8')
        .replace("'BUILD'", JSON.stringify(hash.digest('hex').slice(0, 16)))
        .replace('FILES', JSON.stringify(['/', ...files.map((name) => `/${name}`)]))
      this.emitFile({ type: 'asset', fileName: 'sw.js', source })
    },
  }
}

export default defineConfig({
  root: here('.'),
  plugins: [react(), serviceWorker()],
  // Packages of the workspace from source.
  resolve: { conditions: ['@joinery/source', ...defaultClientConditions] },
  server: { proxy: { '/v1': { target: 'http://127.0.0.1:8080', ws: true } } },
  build: {
    // It ships inside the command.
    outDir: here('../../packages/cli/dist/todo'),
    emptyOutDir: true,
    target: 'es2022',
    // The policy of the page allows no data in addresses.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // One script, which the service worker keeps.
    chunkSizeWarningLimit: 700,
    rolldownOptions: { checks: { bundlerTimings: false } },
  },
})

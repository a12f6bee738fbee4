import { fileURLToPath } from 'node:url'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

export default defineConfig({
  root: here('.'),
  plugins: [react()],
  server: { proxy: { '/v1': { target: 'http://127.0.0.1:8090' } } },
  build: {
    // It ships inside the command.
    outDir: here('../../packages/cli/dist/console'),
    emptyOutDir: true,
    target: 'es2022',
    // The policy of the page allows no data in addresses.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: { checks: { bundlerTimings: false } },
  },
})

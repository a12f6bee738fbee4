import { defineConfig } from 'vitest/config'

/** Workspace packages run from source: no build is needed before a test. */
const conditions = ['@joinery/source', 'module', 'node', 'development|production']

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ['packages/*/test/**/*.test.ts', 'examples/*/test/**/*.test.ts', 'scripts/test/**/*.test.ts'],
    testTimeout: process.env.JOINERY_SOAK ? 3_600_000 : 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
  },
})

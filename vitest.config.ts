import { defineConfig } from 'vitest/config'
import { mutantPlugin } from './scripts/mutants-plugin.mjs'

/** Workspace packages run from source: no build is needed before a test. */
const conditions = ['@joinery/source', 'module', 'node', 'development|production']

export default defineConfig({
  // Only set by scripts/mutants.mjs, which shows that the tests notice wrong merges.
  plugins: [mutantPlugin(process.env.JOINERY_MUTANT)],
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: [
      'packages/*/test/**/*.test.ts',
      'apps/*/test/**/*.test.ts',
      'examples/*/test/**/*.test.ts',
      'scripts/test/**/*.test.ts',
    ],
    testTimeout: process.env.JOINERY_SOAK ? 3_600_000 : 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
    // Two cores are what a small machine has; the tests of one file mostly wait for processes and disks.
    maxWorkers: 2,
  },
})

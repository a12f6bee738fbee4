import { readdirSync, readFileSync } from 'node:fs'
import { describe, test } from 'vitest'
import { type KeptHistory, replayHistory } from '../src/index.ts'

const corpus = new URL('../corpus/', import.meta.url)

describe('histories that once failed', () => {
  for (const file of readdirSync(corpus)) {
    test(file.replace(/\.json$/, '').replaceAll('-', ' '), () => {
      replayHistory(JSON.parse(readFileSync(new URL(file, corpus), 'utf8')) as KeptHistory)
    })
  }
})

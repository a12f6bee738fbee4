import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const built = fileURLToPath(new URL('../dist/young-generation.js', import.meta.url))
const MB = 1024 * 1024

/** Size of the young generation after making much that lasts. */
function grownBytes(before: string): number {
  const script = `
    import { boundYoungGeneration, youngBytes } from ${JSON.stringify(built)}
    ${before}
    await new Promise((resolve) => setTimeout(resolve, 600))
    const kept = []
    for (let i = 0; i < 1_000_000; i += 1) kept.push({ i })
    process.stdout.write(String(youngBytes()))`
  return Number(execFileSync(process.execPath, ['--input-type=module', '--eval', script], { encoding: 'utf8' }))
}

test('the young generation stays at the size that is enough, and would not by itself', () => {
  expect(grownBytes('')).toBeGreaterThan(16 * MB)
  expect(grownBytes('boundYoungGeneration(1)')).toBeLessThan(16 * MB)
})

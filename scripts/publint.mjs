/** Checks every package as it would be published, after a build. Any error or warning fails. */
import { readdirSync } from 'node:fs'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'

const packages = new URL('../packages/', import.meta.url)
let failed = 0

for (const name of readdirSync(packages).sort()) {
  const pkgDir = new URL(name, packages).pathname
  const { messages, pkg } = await publint({ pkgDir, strict: true, pack: 'npm' })
  const problems = messages.filter(({ type }) => type !== 'suggestion')
  failed += problems.length
  console.log(`publint ${pkg.name}: ${problems.length === 0 ? 'good' : `${problems.length} problems`}`)
  for (const message of problems) console.error(`  ${formatMessage(message, pkg)}`)
}

process.exitCode = failed > 0 ? 1 : 0

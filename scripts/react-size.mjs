/**
 * What the React hooks add to an application that has React and the client SDK: its bundle with them, less the one without. Fails
 * above the limit.
 */
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'

const LIMIT_BYTES = 3000
const root = new URL('..', import.meta.url).pathname
const application = `
  import * as React from 'react'
  import { createRoot } from 'react-dom/client'
  import { createClient } from './packages/client/dist/index.js'
  import { defineSchema, text } from './packages/core/dist/index.js'
  export { React, createRoot, createClient, defineSchema, text }
`

/** @param {string} contents @returns {Promise<number>} bytes, minified and gzipped */
async function size(contents) {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: root },
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    define: { 'process.env.NODE_ENV': '"production"' },
  })
  return gzipSync(outputFiles[0].contents).length
}

const hooks = await size(`${application} export * from './packages/client/dist/react.js'`)
const bytes = hooks - (await size(application))
console.log(`  React hooks, beside React and the client SDK\n  Size limit: ${LIMIT_BYTES} B\n  Size:       ${bytes} B`)
process.exitCode = bytes > LIMIT_BYTES ? 1 : 0

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'

/** A directory for the files of one test file, gone when its tests are. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'joinery-client-'))
  afterAll(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

import { describe, expect, it } from 'vitest'
import { CoreError, type CoreErrorCode } from '../src/index.ts'
import { codeRows, codesOf, readSource, section, sources, statusRows } from './source-tables.ts'

describe('docs/ERRORS.md', () => {
  it.each(sources('errors.ts'))('has every code of %s, with advice (JOINERY_UPDATE_DOCS=1 writes it)', (path) => {
    const source = readSource(path)
    const status = statusRows(source)
    const rows = status.length > 0 ? status : codeRows(source)
    const head =
      status.length > 0
        ? ['| Code | HTTP | Meaning and advice |', '|---|---|---|']
        : ['| Code | Meaning and advice |', '|---|---|']
    const codes = rows.map((row) => /`([A-Z0-9_]+)`/.exec(row)![1])
    expect(codes.toSorted(), 'every code is described').toEqual(codesOf(source).toSorted())
    expect(new Set(codes).size).toBe(codes.length)
    const { found, expected } = section('ERRORS.md', path, [...head, ...rows])
    expect(found).toBe(expected)
  })
})

describe('CoreError', () => {
  it('keeps code, message and cause', () => {
    const cause = new Error('below')
    const code: CoreErrorCode = 'CORE_DECODE_INVALID'
    const error = new CoreError(code, 'said', { cause })
    expect([error.name, error.code, error.message, error.cause]).toEqual(['CoreError', code, 'said', cause])
    expect(error).toBeInstanceOf(Error)
  })
})

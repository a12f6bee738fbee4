/** `/openapi.json` is OpenAPI 3.1, closed in itself, and says what the server does. */
import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, test } from 'vitest'
import { errorTable } from '../../src/errors.ts'
import { documentTypes, operations } from '../../src/http/schemas/operations.ts'
import { testApp } from './harness.ts'

type Node = { readonly [key: string]: unknown }
interface Description extends Node {
  readonly paths: Record<
    string,
    Record<string, { responses: Record<string, { description: string }>; parameters?: { name: string; in: string }[] }>
  >
  readonly components: { readonly schemas: Record<string, Node>; readonly securitySchemes: Node }
}
let api: Description

beforeAll(async () => {
  const { call } = await testApp()
  const answer = await call('GET', '/openapi.json', { headers: { 'X-Tenant-ID': undefined, 'X-Node-ID': undefined } })
  expect(answer.headers.get('content-type')).toBe('application/json')
  api = answer.json
})

/** Every object in the description, with where it is. */
function* walk(node: unknown, at = '#'): Generator<[string, Node]> {
  if (typeof node !== 'object' || node === null) return
  yield [at, node as Node]
  for (const [name, value] of Object.entries(node)) yield* walk(value, `${at}/${name}`)
}

test('it is 3.1 and names every route', () => {
  expect(api.openapi).toBe('3.1.0')
  const routes = Object.entries(api.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method} ${path}`),
  )
  expect(routes.sort()).toEqual([
    'delete /v1/docs/{docID}',
    'get /healthz',
    'get /readyz',
    'get /v1/docs',
    'get /v1/docs/{docID}',
    'get /v1/docs/{docID}/events',
    'get /v1/docs/{docID}/ops',
    'get /v1/ops',
    'post /v1/docs/{docID}/ops',
    'put /v1/docs/{docID}',
  ])
  expect(api.components.securitySchemes).toHaveProperty('apiKey')
})

test('every reference leads somewhere', () => {
  for (const [at, node] of walk(api)) {
    if (typeof node.$ref !== 'string') continue
    const target = node.$ref
      .slice(2)
      .split('/')
      .reduce<unknown>((found, step) => (found as Node | undefined)?.[step], api)
    expect(target, `${at} -> ${node.$ref}`).toBeDefined()
  }
})

test('every /v1 route names its headers, and every type has its request', () => {
  for (const [path, methods] of Object.entries(api.paths)) {
    if (!path.startsWith('/v1')) continue
    for (const [method, { parameters = [] }] of Object.entries(methods)) {
      const headers = parameters.filter((parameter) => parameter.in === 'header').map(({ name }) => name)
      expect(headers, `${method} ${path}`).toEqual(expect.arrayContaining(['X-Tenant-ID', 'X-Node-ID']))
      expect(headers.includes('Idempotency-Key')).toBe(method !== 'get')
    }
  }
  const { oneOf, discriminator } = api.components.schemas.OpsRequest as {
    oneOf: Node[]
    discriminator: { mapping: Node }
  }
  expect(oneOf).toHaveLength(documentTypes.length)
  expect(Object.keys(discriminator.mapping).sort()).toEqual([...documentTypes].sort())
})

test('examples pass the schemas they stand in', () => {
  const all = Object.values(operations)
  let tried = 0
  for (const [name, schema] of Object.entries(api.components.schemas)) {
    if (!name.endsWith('Operation') || schema.example === undefined || name === 'PathOperation') continue
    tried += 1
    expect(
      all.some((operation) => operation.safeParse(schema.example).success),
      name,
    ).toBe(true)
  }
  expect(tried).toBeGreaterThan(9)
})

describe('docs/HTTP-API.md', () => {
  const text = readFileSync(new URL('../../../../docs/HTTP-API.md', import.meta.url), 'utf8')

  test.each(Object.entries(errorTable()))('%s is in the table of errors, with its status', (code, { status }) => {
    expect(text).toMatch(new RegExp(`\\| \`${code}\` \\| ${status} \\|`))
  })

  test('every refusal that the description names is a code', () => {
    const named = Object.values(api.paths).flatMap((methods) =>
      Object.values(methods).flatMap(({ responses }) =>
        Object.entries(responses).flatMap(([status, { description }]) =>
          Number(status) < 400
            ? []
            : [...description.matchAll(/`(\w+)`/g)].map(([, code]) => [code, Number(status)] as const),
        ),
      ),
    )
    expect(named.length).toBeGreaterThan(50)
    for (const [code, status] of named) expect(errorTable()[code as 'INTERNAL'].status, code).toBe(status)
  })

  test.each(documentTypes)('%s has its section', (type) => {
    expect(text).toMatch(new RegExp(`^### .*\`${type}\``, 'm'))
  })
})

/** What is there for machines and operators: the API's description, metrics, and whether the host lives. */
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { HttpEnv, KeyCheck, Load } from './context.ts'
import { HttpError } from './errors.ts'
import { health, problem } from './schemas.ts'

type App = OpenAPIHono<HttpEnv>

export interface ApiInfo {
  readonly title: string
  readonly version: string
  readonly description: string
  /** Who has keys. */
  readonly keyDescription: string
}

export function addHealthRoutes(app: App, load: Pick<Load, 'draining'>): void {
  const plain = (path: string, summary: string): void => {
    const answer = { description: 'Yes.', content: { 'application/json': { schema: health } } }
    const refusal = { description: '`SHUTTING_DOWN`', content: { 'application/problem+json': { schema: problem } } }
    const responses = path === '/readyz' ? { 200: answer, 503: refusal } : { 200: answer }
    app.openAPIRegistry.registerPath(createRoute({ method: 'get', path, summary, responses }))
  }
  plain('/healthz', 'Does the process live?')
  plain('/readyz', 'Does it take requests?')
  app.get('/healthz', (c) => c.json({ status: 'ok' }))
  app.get('/readyz', (c) => {
    if (load.draining) throw new HttpError('SHUTTING_DOWN', 'the server finishes what it began and takes nothing new')
    return c.json({ status: 'ready' })
  })
}

/** The text format of Prometheus. */
const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

/** For Prometheus. Once there are keys it needs one, whosever: figures tell of all. */
export function addMetricsRoute(app: App, keys: KeyCheck, metrics: { text(): Promise<string> }): void {
  const answer = { description: 'Metrics.', content: { 'text/plain': { schema: z.string() } } }
  const refusal = { description: '`UNAUTHENTICATED`', content: { 'application/problem+json': { schema: problem } } }
  const summary = 'Metrics in the text format of Prometheus'
  const responses = { 200: answer, 401: refusal }
  app.openAPIRegistry.registerPath(createRoute({ method: 'get', path: '/metrics', summary, responses }))
  app.get('/metrics', async (c) => {
    const bearer = /^Bearer (\S+)$/.exec(c.req.header('authorization') ?? '')?.[1]
    if (keys.required() && !keys.isValid(bearer ?? c.req.header('x-api-key'))) {
      throw new HttpError('UNAUTHENTICATED', 'metrics need a key, as X-API-Key or as bearer token')
    }
    return c.body(await metrics.text(), 200, { 'Content-Type': METRICS_TYPE })
  })
}

export function addDescription(app: App, { title, version, description, keyDescription }: ApiInfo): void {
  app.openAPIRegistry.registerComponent('securitySchemes', 'apiKey', {
    type: 'apiKey',
    in: 'header',
    name: 'X-API-Key',
    description: keyDescription,
  })
  let text: string | undefined
  app.get('/openapi.json', (c) => {
    text ??= JSON.stringify(
      app.getOpenAPI31Document({
        openapi: '3.1.0',
        info: { title, version, description, license: { name: 'MIT', url: 'https://opensource.org/license/mit' } },
      }),
    )
    return c.body(text, 200, { 'Content-Type': 'application/json' })
  })
}

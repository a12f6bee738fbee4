/** What is there for machines and operators: the API's description, and whether the server lives. */
import { createRoute, z } from '@hono/zod-openapi'
import { ServerError } from '../../errors.ts'
import { METRICS_TYPE } from '../../metrics/metrics.ts'
import type { Load } from '../context.ts'
import type { Endpoints } from '../endpoint.ts'
import { health, problem } from '../schemas/answers.ts'

export interface ApiInfo {
  readonly version: string
}

export function addMetaRoutes({ app }: Pick<Endpoints, 'app'>, load: Load, info: ApiInfo): void {
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
    if (load.draining) throw new ServerError('SHUTTING_DOWN', 'the server finishes what it began and takes nothing new')
    return c.json({ status: 'ready' })
  })
  addDescription(app, info)
}

/** For Prometheus. Once there are keys it needs one, of any tenant: figures tell of all. */
export function addMetricsRoute({ app, options }: Pick<Endpoints, 'app' | 'options'>): void {
  const { metrics, keys } = options
  if (metrics === undefined) return
  const answer = { description: 'Metrics.', content: { 'text/plain': { schema: z.string() } } }
  const refusal = { description: '`UNAUTHENTICATED`', content: { 'application/problem+json': { schema: problem } } }
  const summary = 'Metrics in the text format of Prometheus'
  const responses = { 200: answer, 401: refusal }
  app.openAPIRegistry.registerPath(createRoute({ method: 'get', path: '/metrics', summary, responses }))
  app.get('/metrics', async (c) => {
    const bearer = /^Bearer (\S+)$/.exec(c.req.header('authorization') ?? '')?.[1]
    if (keys.required() && !keys.isValid(bearer ?? c.req.header('x-api-key'))) {
      throw new ServerError('UNAUTHENTICATED', 'metrics need a key, as X-API-Key or as bearer token')
    }
    return c.body(await metrics.text(), 200, { 'Content-Type': METRICS_TYPE })
  })
}

function addDescription(app: Endpoints['app'], { version }: ApiInfo): void {
  app.openAPIRegistry.registerComponent('securitySchemes', 'apiKey', {
    type: 'apiKey',
    in: 'header',
    name: 'X-API-Key',
    description: 'A key of the tenant; required once the server has keys.',
  })
  let text: string | undefined
  app.get('/openapi.json', (c) => {
    text ??= JSON.stringify(
      app.getOpenAPI31Document({
        openapi: '3.1.0',
        info: {
          title: 'Joinery',
          version,
          description:
            'Conflict-free replicated documents over HTTP. docs/HTTP-API.md explains every type and operation.',
          license: { name: 'MIT', url: 'https://opensource.org/license/mit' },
        },
      }),
    )
    return c.body(text, 200, { 'Content-Type': 'application/json' })
  })
}

/** Checks of what a request brings, with refusals that say where it is wrong. */
import type { z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { HttpEnv } from './context.ts'
import { HttpError } from './errors.ts'
import { objections, pointed, sentence } from './issues.ts'

/** Throws `BODY_INVALID`. */
export function checkQuery<Query>(c: Context<HttpEnv>, schema: z.ZodType<Query>): Query {
  const sent = c.req.queries()
  for (const [name, values] of Object.entries(sent)) {
    if (values.length > 1) throw new HttpError('BODY_INVALID', `the parameter ${name} was sent ${values.length} times`)
  }
  const parsed = schema.safeParse(Object.fromEntries(Object.entries(sent).map(([name, [value]]) => [name, value])))
  if (parsed.success) return parsed.data
  const all = objections(parsed.error.issues)
  throw new HttpError('BODY_INVALID', `the query is malformed: ${all.map(sentence).join('; ')}`, {
    extra: { errors: pointed(all) },
  })
}

/** Throws `BODY_INVALID`. */
export function checkValue<Value>(sent: unknown, schema: z.ZodType<Value>): Value {
  const parsed = schema.safeParse(sent)
  if (parsed.success) return parsed.data
  const all = objections(parsed.error.issues)
  throw new HttpError('BODY_INVALID', all.map(sentence).join('; '), { extra: { errors: pointed(all) } })
}

/** A segment of the path as it was sent: the router's own decoding lets broken encodings pass. */
export function rawSegment(c: Context<HttpEnv>, at: number): string {
  const path = c.req.url.slice(c.req.url.indexOf('/', c.req.url.indexOf('//') + 2))
  return path.split(/[?#]/, 1)[0]?.split('/')[at + 1] ?? ''
}

/** A header that may be there once: sent twice, it means one thing to a proxy and another to us, as Node joins both. Throws `ID_INVALID`. */
export function singleHeader(c: Context<HttpEnv>, name: string): string | undefined {
  const sent = c.env?.incoming?.headersDistinct[name.toLowerCase()]
  if (sent !== undefined && sent.length > 1) throw new HttpError('ID_INVALID', `${name} was sent ${sent.length} times`)
  return c.req.header(name)
}

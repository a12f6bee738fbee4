/** Who asks: the identifying headers of `/v1`, and the key that vouches for them. */
import { createHash } from 'node:crypto'
import { type HttpEnv, headerText, singleHeader, type TextRule } from '@joinery/http'
import type { Context } from 'hono'
import { ServerError } from '../errors.ts'
import type { Caller, Idempotency } from '../service/types.ts'
import type { AppOptions } from './context.ts'

type HttpContext = Context<HttpEnv>

export function callerOf(c: HttpContext, { keys, limits }: AppOptions): Caller {
  const tenant = required(c, { name: 'X-Tenant-ID', bytesMax: limits.tenantIdBytesMax })
  const state = c.get('state')
  state.about = { tenant }
  const verdict = keys.check(c.req.header('x-api-key'), tenant)
  switch (verdict.verdict) {
    case 'unknown':
      throw new ServerError(
        'UNAUTHENTICATED',
        c.req.header('x-api-key') ? 'X-API-Key is not a valid key' : 'X-API-Key is missing',
      )
    case 'foreign':
      throw new ServerError('FORBIDDEN', `the key is not one of tenant ${JSON.stringify(tenant)}`)
    case 'open':
    case 'granted':
      break
  }
  const node = required(c, { name: 'X-Node-ID', bytesMax: limits.nodeIdBytesMax })
  state.about = { tenant, node }
  if (verdict.verdict !== 'granted') return { tenant, node }
  state.about = { tenant, node, keyId: verdict.id }
  return { tenant, node, key: verdict.id }
}

function required(c: HttpContext, rule: TextRule): string {
  const raw = singleHeader(c, rule.name)
  if (raw === undefined) throw new ServerError('HEADER_MISSING', `${rule.name} is missing`)
  return headerText(raw, rule)
}

/** The key of the request and a hash of what makes it this request: method, target and body. */
export function idempotencyOf(c: HttpContext, body: Uint8Array, { limits }: AppOptions): Idempotency | undefined {
  const raw = singleHeader(c, 'Idempotency-Key')
  if (raw === undefined) return undefined
  const key = headerText(raw, { name: 'Idempotency-Key', bytesMax: limits.idempotencyKeyBytesMax })
  const target = c.req.url.slice(c.req.url.indexOf('/', c.req.url.indexOf('//') + 2))
  const bodyHash = createHash('sha256').update(`${c.req.method} ${target}\n`).update(body).digest('hex')
  return { key, bodyHash }
}

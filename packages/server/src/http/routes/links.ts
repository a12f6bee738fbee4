/**
 * `/v1/sync/frames`: a session over plain requests, where no WebSocket gets through. POST carries frames up and, without a name,
 * begins a connection; GET waits for frames; DELETE ends the connection. The name goes in a header, never in a URL. Like the
 * WebSocket it is described in docs/PROTOCOL.md, not in the API's description: what it carries is no API.
 */
import { type HttpEnv, mayConnect } from '@joinery/http'
import { LINK_HEADER } from '@joinery/transport/http-link'
import type { HttpLinkEnd, HttpLinks } from '@joinery/transport/http-link-server'
import type { Context } from 'hono'
import { ServerError, type ServerErrorCode } from '../../errors.ts'
import type { Endpoints } from '../endpoint.ts'
import type { SessionEvents } from '../sessions.ts'

const PATH = '/v1/sync/frames'
const FRAMES = 'application/octet-stream'
/** Until it is known whose a connection is, its requests count together. */
const NOBODY = ''

type SessionLink = HttpLinkEnd<SessionEvents>

export function addLinkRoutes({ app, load, bodies, options }: Endpoints, links: HttpLinks<SessionEvents>): void {
  app.post(PATH, async (c) => {
    checkOrigin(c, options.allowOrigins)
    if (c.req.header('content-type') !== FRAMES) throw new ServerError('MEDIA_TYPE', `frames travel as ${FRAMES}`)
    const known = c.req.header(LINK_HEADER) === undefined ? undefined : linkOf(c, links)
    const tenant = known?.events.tenant ?? NOBODY
    const visit = load.enter(tenant)
    try {
      const source = c.env?.incoming ?? c.req.raw.body
      const body = await bodies.read(source, { tenant, contentLength: c.req.header('content-length') })
      const link = known ?? opened(links)
      if (!link.receive(body)) throw new ServerError('BODY_INVALID', 'these are no frames; the connection has ended')
      return c.text(link.name, known === undefined ? 201 : 200)
    } finally {
      visit.leave()
    }
  })
  app.get(PATH, async (c) => {
    const link = linkOf(c, links)
    const visit = load.enter(link.events.tenant ?? NOBODY)
    try {
      const gone = AbortSignal.any([c.req.raw.signal, load.leaving])
      const body = await visit.aside(() => link.take(options.limits.waitMsMax, gone))
      return c.body(body, 200, { 'Content-Type': FRAMES })
    } finally {
      visit.leave()
    }
  })
  app.delete(PATH, (c) => {
    linkOf(c, links).drop()
    return c.body(null, 204)
  })
}

function opened(links: HttpLinks<SessionEvents>): SessionLink {
  return links.open() ?? refuse('OVERLOADED', `${links.size} sessions over requests already`)
}

function linkOf(c: Context<HttpEnv>, links: HttpLinks<SessionEvents>): SessionLink {
  const link = links.find(c.req.header(LINK_HEADER) ?? '')
  return link ?? refuse('LINK_UNKNOWN', `${LINK_HEADER} names no connection that is open`)
}

function refuse(code: ServerErrorCode, detail: string): never {
  throw new ServerError(code, detail)
}

function checkOrigin(c: Context<HttpEnv>, allowOrigins: readonly string[]): void {
  const origin = c.req.header('origin')
  if (mayConnect({ origin, host: c.req.header('host') ?? '', allowOrigins })) return
  throw new ServerError('FORBIDDEN', 'pages of this origin may not connect: list it with --allow-origin')
}

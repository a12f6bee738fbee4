/**
 * The pages of a built application, from memory: what is hashed in its name is kept for ever by whoever fetched it, all else is asked
 * for again. The application gets what it needs of its own origin, and nothing of any other.
 */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { MiddlewareHandler } from 'hono'
import { getMimeType } from 'hono/utils/mime'
import type { HttpEnv } from './context.ts'
import { StartError } from './start-error.ts'

export interface SiteOptions {
  /** Of built files, with an `index.html`; those in `assets` have a hash of their content in their names. */
  readonly folder: string
  /** Beginnings of paths that the page itself knows what to do with, such as `/list/`. */
  readonly pages: readonly string[]
}

export interface Site {
  readonly files: ReadonlyMap<string, SiteFile>
  readonly pages: readonly string[]
}

interface SiteFile {
  readonly type: string
  readonly etag: string
  readonly caching: string
  readonly body: Uint8Array<ArrayBuffer>
  /** Where that is worth it. */
  readonly gzip: Uint8Array<ArrayBuffer> | undefined
}

const POLICY = [
  "default-src 'none'",
  ...['script', 'style', 'font', 'img', 'connect', 'manifest', 'worker'].map((what) => `${what}-src 'self'`),
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

const FOR_EVER = 'public, max-age=31536000, immutable'
const GZIP_RATIO_MAX = 0.9

/** Reads the files. Throws `START_SITE_INVALID` where there are none, or more than `siteBytesMax`. */
export function readSite({ folder, pages }: SiteOptions, siteBytesMax: number): Site {
  const files = new Map<string, SiteFile>()
  let bytes = 0
  for (const path of pathsIn(folder)) {
    const body = new Uint8Array(readFileSync(path))
    bytes += body.length
    if (bytes > siteBytesMax) invalid(folder, `has more than ${siteBytesMax} bytes`)
    const name = `/${relative(folder, path).split(sep).join('/')}`
    files.set(name, siteFile(name, body))
  }
  const page = files.get('/index.html')
  if (page === undefined) return invalid(folder, 'has no index.html')
  files.set('/', page)
  return { files, pages }
}

function pathsIn(folder: string): string[] {
  try {
    const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
    return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  } catch (cause) {
    return invalid(folder, 'cannot be read', cause)
  }
}

function invalid(folder: string, what: string, cause?: unknown): never {
  const message = `the folder of the pages, ${folder}, ${what}`
  throw new StartError('START_SITE_INVALID', message, 'Build the pages first (npm run build).', { cause })
}

function siteFile(name: string, body: Uint8Array<ArrayBuffer>): SiteFile {
  const packed = new Uint8Array(gzipSync(body, { level: 9 }))
  return {
    type: getMimeType(name) ?? 'application/octet-stream',
    etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 27)}"`,
    caching: name.startsWith('/assets/') ? FOR_EVER : 'no-cache',
    body,
    gzip: packed.length < body.length * GZIP_RATIO_MAX ? packed : undefined,
  }
}

/** Answers what is a file of the site, or a page that it knows; all else is for others. */
export function siteHandler({ files, pages }: Site): MiddlewareHandler<HttpEnv> {
  return async (c, next) => {
    const { path, method } = c.req
    const isRead = method === 'GET' || method === 'HEAD'
    const isPage = pages.some((prefix) => path.startsWith(prefix) && path.length > prefix.length)
    const file = isRead ? files.get(isPage ? '/' : path) : undefined
    if (file === undefined) return await next()
    c.header('Content-Security-Policy', POLICY)
    c.header('Cross-Origin-Opener-Policy', 'same-origin')
    c.header('Cache-Control', file.caching)
    c.header('ETag', file.etag)
    c.header('Vary', 'Accept-Encoding', { append: true })
    if (isKnown(c.req.header('if-none-match'), file.etag)) return c.body(null, 304)
    c.header('Content-Type', file.type)
    if (
      file.gzip === undefined ||
      !/\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))/i.test(c.req.header('accept-encoding') ?? '')
    ) {
      return c.body(file.body)
    }
    c.header('Content-Encoding', 'gzip')
    return c.body(file.gzip)
  }
}

function isKnown(header: string | undefined, etag: string): boolean {
  return (header ?? '').split(',').some((each) => each.trim().replace(/^W\//, '') === etag)
}

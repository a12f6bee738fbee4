/** Paths of the API as labels and lines of the log have them. */

const routes: ReadonlySet<string> = new Set([
  '/v1/docs',
  '/v1/docs/{docID}',
  '/v1/docs/{docID}/ops',
  '/v1/docs/{docID}/events',
  '/v1/ops',
  '/healthz',
  '/readyz',
  '/openapi.json',
  '/metrics',
])

/** The path without the document's id, which has a member of its own. What is asked of the API is of interest also when it is answered. */
export function routeOf(path: string): { readonly route: string; readonly isNoted: boolean } {
  const route = path.replace(/^\/v1\/docs\/[^/]+/, '/v1/docs/{docID}')
  return { route: routes.has(route) ? route : 'unknown', isNoted: path.startsWith('/v1/') }
}

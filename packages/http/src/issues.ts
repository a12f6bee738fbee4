/** What a schema objects to, in sentences. */
import type { z } from '@hono/zod-openapi'
import type { JsonValue } from '@joinery/core'

type Issue = z.core.$ZodIssue

/** What a caller is told about one place of a request. */
export interface Objection {
  readonly path: readonly PropertyKey[]
  readonly message: string
}

/** Objections beyond this many say nothing new. */
const OBJECTIONS_MAX = 10
/** A message may quote what it objects to. */
const MESSAGE_LENGTH_MAX = 300

/** Hands the objections of a schema chosen at run time to the one that chose it. */
export function forwardIssues(
  context: z.core.$RefinementCtx,
  result: z.ZodSafeParseResult<unknown>,
  at: readonly PropertyKey[],
): void {
  if (result.success) return
  for (const issue of result.error.issues) {
    context.addIssue({ ...issue, path: [...at, ...issue.path] } as Parameters<typeof context.addIssue>[0])
  }
}

/** Of the alternatives of a union only the one that came closest is worth a word. */
export function objections(issues: readonly Issue[], at: readonly PropertyKey[] = []): Objection[] {
  return issues
    .flatMap((issue) => {
      const path = [...at, ...issue.path]
      if (issue.code !== 'invalid_union' || issue.errors.length === 0)
        return [{ path, message: issue.message.slice(0, MESSAGE_LENGTH_MAX) }]
      return issue.errors.map((branch) => objections(branch, path)).reduce(closer)
    })
    .slice(0, OBJECTIONS_MAX)
}

function closer(a: Objection[], b: Objection[]): Objection[] {
  const depth = (branch: Objection[]): number => Math.max(...branch.map(({ path }) => path.length))
  return depth(b) > depth(a) || (depth(b) === depth(a) && b.length < a.length) ? b : a
}

/** `ops[3].elem: is missing`. */
export function sentence({ path, message }: Objection): string {
  const place = path
    .map((step, i) => (typeof step === 'number' ? `[${step}]` : `${i > 0 ? '.' : ''}${String(step)}`))
    .join('')
  return place === '' ? message : `${place}: ${message}`
}

/** As members of a problem document: RFC 9457's `errors` with JSON pointers. */
export function pointed(all: readonly Objection[]): JsonValue {
  return all.map(({ path, message }) => ({
    pointer: path.map((step) => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`).join(''),
    detail: message,
  }))
}

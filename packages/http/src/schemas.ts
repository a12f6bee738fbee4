/** What every host answers: refusals, and whether it lives. */
import { z } from '@hono/zod-openapi'

export const health: z.ZodType<unknown> = z.strictObject({ status: z.enum(['ok', 'ready']) }).openapi('Health')

export const problem: z.ZodType<unknown> = z
  .looseObject({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    detail: z.string(),
    code: z.string().openapi({ description: 'Stable; docs/ERRORS.md lists all.' }),
    advice: z.string(),
    requestId: z.string(),
  })
  .openapi('Problem', { description: 'RFC 9457 problem details; some codes add members.' })

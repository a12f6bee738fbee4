/** What may be asked of a running server over its control socket: a line of JSON. */
import { z } from 'zod'

export type KeysRequest =
  | { readonly command: 'keys.create'; readonly tenant: string; readonly name: string }
  | { readonly command: 'keys.list'; readonly tenant?: string | undefined }
  | { readonly command: 'keys.revoke'; readonly id: string }

/** All of the store, one tenant, or one document of it. */
interface Part {
  readonly tenant?: string | undefined
  readonly id?: string | undefined
}

/** An archive of the store, or of a part of it. */
export interface ReadRequest extends Part {
  readonly command: 'read'
  readonly content: 'documents' | 'everything'
  /** The value of each document as JSON too. */
  readonly values: boolean
}

/** To fold histories. */
export interface CompactRequest extends Part {
  readonly command: 'compact'
  readonly keepVersions: number
}

export type ControlRequest = KeysRequest | ReadRequest | CompactRequest

const part = { tenant: z.string().optional(), id: z.string().optional() }
const isPart = ({ tenant, id }: Part) => id === undefined || tenant !== undefined

const schema: z.ZodType<ControlRequest> = z.union([
  z.strictObject({ command: z.literal('keys.create'), tenant: z.string().min(1).max(128), name: z.string().max(256) }),
  z.strictObject({ command: z.literal('keys.list'), tenant: z.string().optional() }),
  z.strictObject({ command: z.literal('keys.revoke'), id: z.string() }),
  z
    .strictObject({
      command: z.literal('read'),
      content: z.enum(['documents', 'everything']),
      values: z.boolean(),
      ...part,
    })
    .refine(isPart),
  z.strictObject({ command: z.literal('compact'), keepVersions: z.int().min(0), ...part }).refine(isPart),
])

/** Throws when the line is no request. */
export function parseRequest(line: string): ControlRequest {
  return schema.parse(JSON.parse(line))
}

/**
 * What is answered: a line of JSON. After the answer to `read` come the bytes of the archive, before that to `compact` lines of
 * progress.
 */
export type ControlAnswer =
  | { readonly answer: unknown }
  | { readonly progress: unknown }
  | { readonly error: { readonly name: string; readonly code: string; readonly message: string } }

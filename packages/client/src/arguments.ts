/** Options that every client checks alike. */
import { refuse } from './errors.ts'

/** Throws `CLIENT_ARGUMENT`. */
export function checkNames({
  url,
  tenant,
  nodeId,
}: {
  readonly url: string
  readonly tenant: string
  readonly nodeId: string
}): void {
  if (!/^https?:\/\/[^\s?#]+$/.test(url)) refuse('CLIENT_ARGUMENT', '"url" is http:// or https:// and a host')
  checkName(nodeId, 'nodeId')
  checkName(tenant, 'tenant')
}

/** Names travel in headers, whose ends are trimmed on the way and which carry no control characters. */
function checkName(name: string, option: string): void {
  const isPlain = typeof name === 'string' && name.trim() === name && !/[\p{Cc}\p{Cs}]/u.test(name)
  const bytes = isPlain ? new TextEncoder().encode(name).length : 0
  if (bytes < 1 || bytes > 128) {
    refuse('CLIENT_ARGUMENT', `"${option}" is 1 to 128 bytes of text without control characters`)
  }
}

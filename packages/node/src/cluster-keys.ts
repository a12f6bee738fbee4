/** What the nodes of a cluster derive from its name and its secret, so that they agree on it or refuse each other. */
import { createHmac } from 'node:crypto'

const DIGEST_KEY_BYTES = 16
const FINGERPRINT_BYTES = 4

export interface ClusterKeys {
  /** For `NodeOptions.digestKey`. */
  readonly digestKey: Uint8Array
  /** For the transports: the name, and a fingerprint of the key. Nodes whose digests would never agree refuse each other by it. */
  readonly cluster: string
}

/**
 * @param isSigned whether changes of the cluster are signed. Nodes that sign and nodes that do not refuse each other.
 * @param secret known to all nodes and to nobody else. Without it digests are keyed by the name alone, and whoever chooses names of
 *   documents could make two digests differ in a way that takes longer to resolve; nothing else depends on it.
 */
export function clusterKeys(name: string, secret: Uint8Array = new Uint8Array(0), isSigned = false): ClusterKeys {
  const derive = (purpose: string) => createHmac('sha256', secret).update(`joinery ${purpose}\n${name}`).digest()
  const digestKey = new Uint8Array(derive('digests').subarray(0, DIGEST_KEY_BYTES))
  const fingerprint = derive(isSigned ? 'signed fingerprint' : 'fingerprint')
    .subarray(0, FINGERPRINT_BYTES)
    .toString('hex')
  return { digestKey, cluster: `${name}#${fingerprint}` }
}

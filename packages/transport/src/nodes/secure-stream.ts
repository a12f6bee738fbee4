/** TLS 1.3 over any stream of bytes: a socket, or a WebSocket that proxies pass on. */
import { constants } from 'node:crypto'
import type { Duplex } from 'node:stream'
import { connect, createSecureContext, type SecureContext, TLSSocket } from 'node:tls'
import type { Authentication, Role } from './authentication.ts'
import { type NodePublicKey, publicKeyText } from './identity.ts'

const PROTOCOL = 'joinery-node/1'
const EXPORT_LABEL = 'EXPORTER-joinery-node-1'
const EXPORT_BYTES = 32

export function secureContext({ privateKey, certificate }: Authentication): SecureContext {
  return createSecureContext({
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
    cert: certificate,
    minVersion: 'TLSv1.3',
    maxVersion: 'TLSv1.3',
    sigalgs: 'ed25519',
    secureOptions: constants.SSL_OP_NO_TICKET,
  })
}

/** What was found out of the other end once TLS stands. */
export interface SecureEnd {
  readonly key: NodePublicKey | undefined
  /** Bytes that only the two ends of this connection have. */
  readonly exported: Uint8Array
}

/**
 * Certificates are nobody's but the node's own, so no authority is asked: whose key it is, is looked up by the caller. That the other
 * end has the private key is proved by TLS all the same.
 */
export function secureStream(stream: Duplex, role: Role, context: SecureContext): TLSSocket {
  const common = { secureContext: context, rejectUnauthorized: false, ALPNProtocols: [PROTOCOL] }
  if (role === 'accepted') return new TLSSocket(stream, { ...common, isServer: true, requestCert: true })
  return connect({ ...common, socket: stream, checkServerIdentity: () => undefined })
}

/** Reads what TLS knows of the other end. To be called once: the platform hands out the certificate of a server only once. */
export function secureEnd(socket: TLSSocket): SecureEnd {
  const certificate = socket.getPeerX509Certificate()
  // A session that goes on shows no certificate; none is ever offered here.
  const key = certificate === undefined || socket.isSessionReused() ? undefined : publicKeyText(certificate.publicKey)
  const exported = socket.exportKeyingMaterial(EXPORT_BYTES, EXPORT_LABEL, Buffer.alloc(0))
  return { key, exported }
}

/** True where the other end speaks this protocol, and not another one over TLS. */
export function speaksNode(socket: TLSSocket): boolean {
  return socket.alpnProtocol === PROTOCOL
}

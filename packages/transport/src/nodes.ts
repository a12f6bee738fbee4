export {
  type Authentication,
  type KeyAuthenticationOptions,
  keyAuthentication,
  secretAuthentication,
} from './nodes/authentication.ts'
export { TransportError, type TransportErrorCode, type TransportRefusal } from './nodes/errors.ts'
export {
  type AllowList,
  generateIdentity,
  identityPem,
  type NodeIdentity,
  type NodePublicKey,
  parseAllowList,
  parsePublicKey,
  readIdentity,
} from './nodes/identity.ts'
export { addressBytesMax, type NodeTransportLimits, nodeTransportLimits } from './nodes/limits.ts'
export type {
  NodeTransport,
  NodeTransportEvents,
  NodeTransportFigures,
  RefusedEnd,
  TransportPeer,
} from './nodes/port.ts'

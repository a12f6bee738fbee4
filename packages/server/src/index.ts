export { nodeScheduler } from '@joinery/transport/scheduler'
export { type ControlClient, connectControl } from './control/control-client.ts'
export { type ControlOptions, type ControlSocket, serveControl } from './control/control-socket.ts'
export { type KeyAdmin, keyAdmin } from './control/key-admin.ts'
export { type ControlLimits, controlLimits } from './control/limits.ts'
export { controlSocketPath } from './control/socket-path.ts'
export { errorTable, ServerError, type ServerErrorCode } from './errors.ts'
export { type App, createApp } from './http/app.ts'
export type { AppOptions } from './http/context.ts'
export { type KeyRecord, type KeyRing, type KeyRingOptions, type KeyVerdict, type NewKey, openKeyRing } from './keys.ts'
export { defaultServerLimits, type ServerLimits } from './limits.ts'
export { type CurrentFigures, type RequestMeasure, type ServerMetrics, serverMetrics } from './metrics/metrics.ts'
export type { OperationName, OperationOutcome, ServiceObserver, StoreRead } from './metrics/observer.ts'
export type { Policy, PolicyChange, PolicyDoor, PolicyRequest, PolicyVerdict } from './policy/policy.ts'
export { createServer, type JoineryServer, type ServerOptions } from './server.ts'
export { documentShown } from './service/document-shown.ts'
export { type Folded, type FoldOptions, foldStore } from './service/fold-all.ts'
export { type ServiceLimits, serviceLimits } from './service/limits.ts'
export { type ServerActorOptions, serverActor } from './service/server-actor.ts'
export { createDocumentService, type DocumentServiceOptions } from './service/service.ts'
export type {
  Caller,
  DocumentService,
  DocumentState,
  DocumentType,
  DocumentValue,
  Idempotency,
  LogAnswer,
  LoggedOperation,
  Operation,
  OpsAnswer,
  OpsRequest,
  PutRequest,
  Since,
  TenantOperation,
} from './service/types.ts'

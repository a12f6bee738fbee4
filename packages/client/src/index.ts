export { ClientError, type ClientErrorCode, clientErrorTable, type Problem } from './errors.ts'
export { type Fetch, type FetchAnswer, type Host, systemFetch, systemHost } from './host.ts'
export { createClient } from './live/client.ts'
export { defaultLiveLimits, type LiveLimits } from './live/limits.ts'
export { isEqual } from './live/select.ts'
export type {
  AskKey,
  Client,
  ClientOptions,
  ClientStatus,
  DocConnection,
  DocStatus,
  ForgetOptions,
  LiveDoc,
  LiveDocEvent,
  OpenOptions,
  Presence,
  PresencePeer,
  ProvidedStore,
  RefusedEdit,
  RefusedEdits,
  RefusedExport,
  StorageProvider,
  StorageStatus,
  Undo,
} from './live/types.ts'

export { ClientError, type ClientErrorCode, clientErrorTable, type Problem } from './errors.ts'
export { type Fetch, type FetchAnswer, type Host, systemFetch, systemHost } from './host.ts'
export { createHttpClient, type HttpClient, type HttpClientOptions } from './http-client.ts'
export { type ClientLimits, defaultClientLimits } from './limits.ts'
export { type MemoryQueueMedium, memoryQueue, memoryQueueMedium } from './queue/memory.ts'
export type { Queue, QueueChange } from './queue/port.ts'
export type {
  ClientStatus,
  DocumentPage,
  DocumentState,
  DocumentType,
  DocumentValue,
  LoggedOperation,
  LogPage,
  Mutation,
  Operation,
  Pulled,
  RefusedRequest,
  RefusedRequests,
  View,
} from './types.ts'

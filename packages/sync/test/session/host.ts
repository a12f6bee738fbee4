/** A host of sessions without sockets and without a clock of its own: a test decides what is stored, and when. */
import {
  Budget,
  type ClientFrame,
  decodeServerFrame,
  encodeFrame,
  Feed,
  type HostedDocument,
  type Link,
  type Packer,
  PresenceBoard,
  type Scheduler,
  type ServerFrame,
  ServerSession,
  type SessionBudgets,
  type SessionLimits,
  type Submission,
  sessionLimits,
  type Verdict,
  type Welcome,
} from '../../src/index.ts'

/** Time that passes when a test says so. Tasks for later in the turn run as microtasks. */
export class TestTime implements Scheduler {
  #nowMs = 0
  readonly #tasks = new Set<{ readonly atMs: number; readonly task: () => void }>()

  nowMs(): number {
    return this.#nowMs
  }

  after(ms: number, task: () => void): () => void {
    const entry = { atMs: this.#nowMs + ms, task }
    this.#tasks.add(entry)
    return () => this.#tasks.delete(entry)
  }

  soon(task: () => void): void {
    queueMicrotask(task)
  }

  get tasks(): number {
    return this.#tasks.size
  }

  pass(ms: number): void {
    const endMs = this.#nowMs + ms
    for (;;) {
      const due = [...this.#tasks].filter(({ atMs }) => atMs <= endMs).sort((a, b) => a.atMs - b.atMs)[0]
      if (due === undefined) break
      this.#tasks.delete(due)
      this.#nowMs = Math.max(this.#nowMs, due.atMs)
      due.task()
    }
    this.#nowMs = endMs
  }
}

export interface Submitted {
  readonly submission: Submission
  readonly decide: (verdict: Verdict) => void
}

export interface TestSession {
  readonly session: ServerSession
  readonly welcome: Welcome
  readonly heard: ServerFrame[]
  /** The code that the server closed the connection with. */
  closedWith(): number | undefined
  say(...frames: ClientFrame[]): void
  /** What came in, and waits for a verdict. */
  readonly submitted: Submitted[]
}

export interface TestHostOptions {
  readonly packer?: Packer
  readonly limits?: Partial<SessionLimits>
  readonly budgets?: SessionBudgets
}

/** Lets what was begun go on. */
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

export class TestHost {
  readonly time = new TestTime()
  readonly limits: SessionLimits
  readonly #budgets: SessionBudgets | undefined
  readonly #packer: Packer | undefined
  readonly #documents = new Map<string, HostedDocument>()
  readonly submitted: Submitted[] = []
  /** What a subscriber lacks, of every document. */
  payload: Uint8Array = new Uint8Array(0)
  /** Documents that are opened and were not let go of. */
  open = 0
  #sessions = 0

  constructor({ limits, budgets, packer }: TestHostOptions = {}) {
    this.#packer = packer
    this.limits = { ...sessionLimits, ...limits }
    this.#budgets = budgets
  }

  document(tenant: string, id: string): HostedDocument {
    const name = `${tenant}/${id}`
    const known = this.#documents.get(name)
    if (known !== undefined) return known
    const { time, limits, submitted } = this
    const document: HostedDocument = {
      handle: this.#documents.size + 1,
      incarnation: 'life',
      feed: new Feed(0, limits, (task) => time.soon(task)),
      presence: new PresenceBoard({
        limits,
        scheduler: time,
        tenant,
        budget: new Budget(limits.presenceTotalBytesMax, limits.presenceTenantBytesMax),
      }),
      catchUp: async () => ({ payload: this.payload, version: 0, transfer: '' }),
      submit: (submission) => new Promise((resolve) => submitted.push({ submission, decide: resolve })),
      release: () => {
        this.open -= 1
      },
    }
    this.#documents.set(name, document)
    return document
  }

  /** A connection that said hello and was welcomed. */
  async connect(tenant = 't', version = 1): Promise<TestSession> {
    const heard: ServerFrame[] = []
    let code: number | undefined
    const link: Link = {
      send: (frame) => void heard.push(decodeServerFrame(frame)),
      waitingBytes: 0,
      close(closeCode) {
        code = closeCode
      },
      drop() {},
    }
    this.#sessions += 1
    const session = new ServerSession({
      link,
      host: {
        storeId: 's',
        admit: async (hello) => ({ tenant: hello.tenant, node: hello.node }),
        open: async (principal, { id }) => {
          this.open += 1
          return { document: this.document(principal.tenant, id), known: 0, knownCheck: 0 }
        },
      },
      scheduler: this.time,
      name: `session-${this.#sessions}`,
      limits: this.limits,
      ...(this.#packer === undefined ? {} : { packer: this.#packer }),
      ...(this.#budgets === undefined ? {} : { budgets: this.#budgets }),
    })
    const say = (...frames: ClientFrame[]): void => {
      for (const frame of frames) session.receive(encodeFrame(frame))
    }
    say({ kind: 'hello', versions: [1, version], features: 0, tenant, node: 'n', credential: '', agent: 'a' })
    await turn()
    const [welcome] = heard.splice(0) as [Welcome]
    return { session, welcome, heard, say, closedWith: () => code, submitted: this.submitted }
  }
}

export const subscribe = (id: string, request = 1): ClientFrame => ({
  kind: 'subscribe',
  request,
  id,
  type: 'doc',
  actor: '',
  window: 0,
  from: { by: 'nothing' },
  resume: undefined,
})

export const changes = (handle: number, batch: number, bytes: number, restart = false): ClientFrame => ({
  kind: 'changes',
  handle,
  batch,
  tellReceived: false,
  restart,
  payload: new Uint8Array(bytes),
})

export interface PartOf {
  readonly batch: number
  readonly total: number
  readonly offset: number
  readonly bytes: number
  readonly tellReceived?: boolean
  readonly restart?: boolean
}

export const part = (handle: number, { bytes, ...of }: PartOf): ClientFrame => ({
  kind: 'upload',
  tellReceived: false,
  restart: false,
  ...of,
  handle,
  payload: new Uint8Array(bytes),
})

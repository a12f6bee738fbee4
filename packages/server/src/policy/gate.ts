/** The one place where a policy is asked, and what its answers mean. */
import { SessionRefusal } from '@joinery/sync'
import { ServerError } from '../errors.ts'
import type { Policy, PolicyRequest, PolicyVerdict } from './policy.ts'

export interface GateOptions {
  readonly policy: Policy | undefined
  /** Runs a task once, later; answers what takes it back. */
  readonly after: (ms: number, task: () => void) => () => void
  readonly policyMsMax: number
  /** What is told to wait who cannot be told yes or no. */
  readonly retryAfterMs: number
  readonly onFailure: ((error: unknown) => void) | undefined
}

/** Why not. */
export type Denial =
  | { readonly kind: 'denied'; readonly reason: string }
  /** The policy failed: nothing is known. */
  | { readonly kind: 'unknown'; readonly reason: string }

const REASON_UNITS_MAX = 500

export class Gate {
  readonly #options: GateOptions

  constructor(options: GateOptions) {
    this.#options = options
  }

  /** Nobody is asked, and everything is allowed. */
  get isOpen(): boolean {
    return this.#options.policy === undefined
  }

  /** Throws `PERMISSION_DENIED`, `POLICY_UNAVAILABLE`. */
  async require(request: PolicyRequest): Promise<void> {
    const denial = await this.ask(request)
    if (denial === undefined) return
    throw new ServerError(denial.kind === 'denied' ? 'PERMISSION_DENIED' : 'POLICY_UNAVAILABLE', denial.reason)
  }

  /** Whether it is allowed. Throws `POLICY_UNAVAILABLE`. */
  async allows(request: PolicyRequest): Promise<boolean> {
    const denial = await this.ask(request)
    if (denial?.kind === 'unknown') throw new ServerError('POLICY_UNAVAILABLE', denial.reason)
    return denial === undefined
  }

  /** What a session is told; undefined when it is allowed. At once where the policy answers at once. */
  refusal(request: PolicyRequest): SessionRefusal | undefined | Promise<SessionRefusal | undefined> {
    const denial = this.ask(request)
    return denial instanceof Promise ? denial.then((late) => this.#asRefusal(late)) : this.#asRefusal(denial)
  }

  #asRefusal(denial: Denial | undefined): SessionRefusal | undefined {
    if (denial === undefined) return undefined
    if (denial.kind === 'denied') return new SessionRefusal('permission_denied', denial.reason)
    return new SessionRefusal('unavailable', denial.reason, { retryAfterMs: this.#options.retryAfterMs })
  }

  ask(request: PolicyRequest): Denial | undefined | Promise<Denial | undefined> {
    const { policy } = this.#options
    if (policy === undefined) return undefined
    try {
      const verdict = policy(request)
      return typeof verdict === 'object' ? this.#inTime(Promise.resolve(verdict)) : denialOf(verdict)
    } catch (error) {
      return this.#failed(error)
    }
  }

  #inTime(verdict: Promise<PolicyVerdict>): Promise<Denial | undefined> {
    const { after, policyMsMax } = this.#options
    return new Promise((resolve) => {
      const cancel = after(policyMsMax, () =>
        resolve(this.#failed(new Error(`the policy did not answer within ${policyMsMax} ms`))),
      )
      verdict.then(
        (late) => {
          cancel()
          resolve(denialOf(late))
        },
        (error: unknown) => {
          cancel()
          resolve(this.#failed(error))
        },
      )
    })
  }

  #failed(error: unknown): Denial {
    this.#options.onFailure?.(error)
    return { kind: 'unknown', reason: 'whether this is allowed cannot be told now' }
  }
}

/** Nothing but `true` allows: a policy in JavaScript that forgets to answer refuses. */
function denialOf(verdict: PolicyVerdict): Denial | undefined {
  if (verdict === true) return undefined
  const reason = typeof verdict === 'string' && verdict !== '' ? verdict : 'the policy of this server does not allow it'
  return { kind: 'denied', reason: reason.slice(0, REASON_UNITS_MAX) }
}

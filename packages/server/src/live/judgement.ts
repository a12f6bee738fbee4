/** What a policy says of changes that came in, before they wait to be stored. */
import type { DocumentKey, SessionRefusal, Submission } from '@joinery/sync'
import type { Gate } from '../policy/gate.ts'
import { changing } from '../policy/requests.ts'
import type { DocumentType } from '../service/types.ts'

/** The refusal of each change by its place in the batch, where it has one. */
export type Judgement = readonly (SessionRefusal | undefined)[]

export interface Judged {
  readonly key: DocumentKey
  readonly submission: Submission
  readonly changes: readonly Uint8Array[]
}

/** Asked about at the same time, where the policy takes its time. */
const ASKED_AT_ONCE = 64

type Answer = ReturnType<Gate['refusal']>

/** Asks about each change. At once where the policy answers at once. */
export function judge(gate: Gate, { key, submission, changes }: Judged): Judgement | Promise<Judgement> {
  const { principal } = submission
  const type = submission.type as DocumentType
  const ask = (bytes: Uint8Array): Answer => {
    const request = changing(principal, key.id, { type, bytes })
    return request && gate.refusal(request)
  }
  const answers: Answer[] = []
  for (const [i, bytes] of changes.entries()) {
    const answer = ask(bytes)
    answers.push(answer)
    if (answer instanceof Promise) return restOf(answers, changes.slice(i + 1), ask)
  }
  return answers as Judgement
}

async function restOf(
  begun: readonly Answer[],
  rest: readonly Uint8Array[],
  ask: (bytes: Uint8Array) => Answer,
): Promise<Judgement> {
  const judgement = await Promise.all(begun)
  for (let from = 0; from < rest.length; from += ASKED_AT_ONCE) {
    judgement.push(...(await Promise.all(rest.slice(from, from + ASKED_AT_ONCE).map(ask))))
  }
  return judgement
}

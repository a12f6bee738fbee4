/** What can be done about a refusal without asking anybody. */
import type { FieldSpecs } from '@joinery/core'
import type { RefusalCode } from '@joinery/sync'
import type { Life } from './life.ts'

export type Remedy =
  /** It goes away by waiting. */
  | 'wait'
  /** The document began here and elsewhere at the same time: what was written here goes on top of what is there. */
  | 'adopt'
  /** The times are wrong: the same edits with others. */
  | 'retime'
  /** Subscribe again, at once: the server says which life it has, and what it lacks. */
  | 'resubscribe'
  /** Another life of the document is current, or its history here is not that of the server: begin again, edits set aside. */
  | 'begin-again'
  /** Somebody has to decide. */
  | 'ask'

/** @param attempts how often something was tried since the server last stored something. */
export function remedyFor<S extends FieldSpecs>(life: Life<S>, code: RefusalCode, attempts: number): Remedy {
  switch (code) {
    case 'rate_limited':
    case 'timeout':
    case 'shutting_down':
    case 'unavailable':
    case 'internal':
      return 'wait'
    case 'incarnation_mismatch':
      // Somebody else began it in between: which life that is has to be asked first. It is there to be seen, but for a race.
      if (!isNamed(life)) return attempts === 0 ? 'resubscribe' : 'wait'
      return !life.synced && life.unstored.length > 0 ? 'adopt' : 'begin-again'
    case 'forked':
      return 'begin-again'
    case 'clock_skew':
      return life.unstored.some(({ restamped }) => !restamped) ? 'retime' : 'ask'
    case 'missing_dependencies':
      return attempts === 0 ? 'resubscribe' : 'ask'
    default:
      return 'ask'
  }
}

/** Whether the server said which other life of the document it has. */
function isNamed<S extends FieldSpecs>({ doc, followed }: Life<S>): boolean {
  const { incarnationThere = '' } = followed ?? {}
  return incarnationThere !== '' && incarnationThere !== doc.incarnation
}

/** Refused edits as people look at them: what each changed, and its bytes to be kept elsewhere. */
import { type FieldSpecs, openChange, type Patch, type SchemaDoc } from '@joinery/core'
import type { RefusalCode, SessionRefusal } from '@joinery/sync'
import { ClientError } from '../errors.ts'
import { editIdOf, type OwnChange } from './life.ts'
import type { ParkedEdit } from './records.ts'

/**
 * @param scratch the document without the edits; they are applied to it, one by one.
 * @param reason why the first was refused: the others were made on top of it.
 */
export function describeEdits<S extends FieldSpecs>(
  scratch: SchemaDoc<S>,
  edits: readonly OwnChange[],
  reason: { readonly code: RefusalCode; readonly message: string },
): ParkedEdit[] {
  let patches: Patch[] = []
  scratch.subscribe((event) => patches.push(...event.patches))
  return edits.map((own, i) => {
    patches = []
    apply(scratch, own.bytes)
    const { code, message } = i === 0 ? reason : { code: 'behind' as const, message: 'made on top of a refused edit' }
    const madeAtMs = Math.floor(openChange(own.bytes).header.timeMicros / 1000)
    return { id: editIdOf(own), code, message, madeAtMs, patches, change: base64(own.bytes) }
  })
}

/** What cannot be applied without its past is exported without its patches. */
function apply<S extends FieldSpecs>(scratch: SchemaDoc<S>, bytes: Uint8Array): void {
  try {
    scratch.apply(bytes)
  } catch {
    // Nothing has changed.
  }
}

function base64(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += String.fromCharCode(byte)
  return btoa(text)
}

/** What the application is told of a refusal. */
export function refusedError(refusal: SessionRefusal | undefined): ClientError {
  const message = refusal === undefined ? 'the edits were dropped' : `${refusal.code}: ${refusal.message}`
  return new ClientError('CLIENT_REFUSED', message, { cause: refusal })
}

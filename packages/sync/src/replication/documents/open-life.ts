/** Makes a document of what is stored of a life, and has its changes signed where they are. */
import type { ChangeSeal, SchemaDoc } from '@joinery/core'
import { ReplicationError } from '../errors.ts'
import type { ActorChoice, NodeOptions } from '../ports.ts'
import { isProof } from '../signing/fork-proof.ts'
import { SignedLife } from '../signing/signed-life.ts'
import type { Life } from './life.ts'

/** A life whose changes nobody signed takes none where all are. */
const REFUSING: ChangeSeal = {
  signature: new Uint8Array(0),
  sign() {
    throw new ReplicationError(
      'REPLICATION_UNSIGNED',
      'it was begun before changes were signed: delete it, and begin it anew',
    )
  },
}

/** The life is told of its history, where changes are signed; of its document it is told by the caller. */
export function openLife(
  { open, signing }: Pick<NodeOptions, 'open' | 'signing'>,
  life: Life,
  { parts, choice }: { readonly parts: readonly Uint8Array[]; readonly choice: ActorChoice },
): SchemaDoc {
  if (signing === undefined) {
    return open(
      life.key,
      parts.filter((part) => !isProof(part)),
      choice,
    )
  }
  const signed = new SignedLife(signing, life.key)
  const document = open(life.key, signed.load(parts), choice)
  document.sealWith(signed.isUnsigned ? REFUSING : signed.seal())
  life.signed = signed
  return document
}

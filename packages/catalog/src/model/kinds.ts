/** The two kinds of entries, and how each is spelled where. */

export const kinds = ['snapshots', 'images'] as const
export type Kind = (typeof kinds)[number]

/** What names an entry. */
export interface EntryKey {
  readonly kind: Kind
  readonly id: string
}

export function isKind(text: string): text is Kind {
  return (kinds as readonly string[]).includes(text)
}

/** Keys of deltas: `snapshots:snap1` for membership, `snapshot_metadata:snap1` for metadata. */
const metadataNames: Readonly<Record<Kind, string>> = { snapshots: 'snapshot_metadata', images: 'image_metadata' }

export function membershipKey({ kind, id }: EntryKey): string {
  return `${kind}:${id}`
}

export function metadataKey({ kind, id }: EntryKey): string {
  return `${metadataNames[kind]}:${id}`
}

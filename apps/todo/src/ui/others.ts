import type { PresencePeer } from '@joinery/client'
import { type Here, type Member, readPerson } from '../model/people.ts'

/** Somebody who is in the list now. */
export type Other = Member & { readonly item: string | undefined; readonly head: string | undefined }

/** Everybody once, however many windows they have: the one in which they write. */
export function othersHere(peers: readonly PresencePeer<Here>[]): readonly Other[] {
  const others = new Map<string, Other>()
  for (const { node, state } of peers) {
    const { item, head } = (state ?? {}) as Partial<Here>
    const known = others.get(node)
    if (known?.head !== undefined) continue
    const text = (value: unknown) => (typeof value === 'string' ? value : undefined)
    others.set(node, { id: node, ...readPerson(state), item: text(item), head: text(head) })
  }
  return [...others.values()].sort((a, b) => (a.id < b.id ? -1 : 1))
}

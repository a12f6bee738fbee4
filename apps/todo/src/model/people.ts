/** Who takes part in a list. */
import type { ListRoot } from './items.ts'

export type Person = {
  readonly name: string
  /** Number of a colour of the palette. */
  readonly colour: number
}

export type Member = Person & { readonly id: string }

/** What one tells the others while one is there. */
export type Here = Person & {
  /** The item that is open. */
  readonly item?: string
  /** Where the caret is in its notes. */
  readonly head?: string
}

export const COLOURS = 8

export function membersOf(root: ListRoot): Member[] {
  const people = root.people.toJSON() as Record<string, unknown>
  return [...root.members.values()].sort().map((id) => ({ id, ...readPerson(people[id]) }))
}

/** Enters oneself, or what one is called now. Answers whether there was something to enter. */
export function join(root: ListRoot, id: string, me: Person): void {
  root.members.add(id)
  root.people.setLww(id, { name: me.name, colour: me.colour })
}

export function leave(root: ListRoot, id: string): void {
  root.members.remove(id)
  root.people.remove(id)
}

/** Whether a list says of somebody what they are. */
export function isKnown(root: ListRoot, id: string, me: Person): boolean {
  const { name, colour } = readPerson(root.people.getLww(id))
  return root.members.has(id) && name === me.name && colour === me.colour
}

/** Others may write anything. */
export function readPerson(value: unknown): Person {
  const { name, colour } = (typeof value === 'object' && value !== null ? value : {}) as Partial<Person>
  return {
    name: typeof name === 'string' && name.trim() !== '' ? name.slice(0, 60) : 'Somebody',
    colour: typeof colour === 'number' ? Math.abs(Math.trunc(colour)) % COLOURS : 0,
  }
}

export function initialsOf(name: string): string {
  const words = name.trim().split(/\s+/)
  const letters = words.length > 1 ? [words[0], words.at(-1)] : [words[0]]
  return letters
    .map((word) => [...(word ?? '')][0] ?? '')
    .join('')
    .toUpperCase()
}

/** Reading and changing the items of a list. */
import { type Fields, orSet, type Text, text } from '@joinery/core'
import type { ListFields } from './schema.ts'

export type ListRoot = Fields<ListFields>

export interface Item {
  readonly id: string
  readonly title: string
  readonly done: boolean
  readonly tags: readonly string[]
  /** The notes, as they were when the list was read. */
  readonly notes: string
}

const tagSet = orSet<string>()
const notesText = text()

/** The items in their order. */
export function itemsOf(root: ListRoot): Item[] {
  const details = root.details.toJSON() as Record<string, Readonly<Record<string, unknown>>>
  return orderOf(root).map((id) => {
    const { title, done, tags, notes } = details[id] ?? {}
    return { id, title: textOf(title), done: done === true, tags: tagsOfValue(tags), notes: textOf(notes) }
  })
}

/** Others may write anything. */
function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function tagsOfValue(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String).sort() : []
}

/** The ids that are in the list, each once: what somebody added without a place comes last. */
function orderOf(root: ListRoot): string[] {
  const placed = root.order.toJSON() as string[]
  const loose = [...root.items.values()].sort()
  return [...new Set([...placed, ...loose])].filter((id) => root.items.has(id))
}

export function addItem(root: ListRoot, { id, title, tags }: Pick<Item, 'id' | 'title' | 'tags'>, at = 0): void {
  root.items.add(id)
  root.order.insert(Math.min(at, root.order.length), id)
  root.details.open(id).setLww('title', title)
  for (const tag of tags) tagsOf(root, id).add(tag)
}

export function removeItem(root: ListRoot, id: string): void {
  root.items.remove(id)
}

/** An edit counts against a removal that has not seen it. */
function edit(root: ListRoot, id: string) {
  root.items.add(id)
  return root.details.open(id)
}

export function renameItem(root: ListRoot, id: string, title: string): void {
  edit(root, id).setLww('title', title)
}

export function checkItem(root: ListRoot, id: string, done: boolean): void {
  edit(root, id).setLww('done', done)
}

export function addTag(root: ListRoot, id: string, tag: string): void {
  edit(root, id)
  tagsOf(root, id).add(tag)
}

export function removeTag(root: ListRoot, id: string, tag: string): void {
  edit(root, id)
  tagsOf(root, id).remove(tag)
}

function tagsOf(root: ListRoot, id: string) {
  return root.details.open(id).open('tags', tagSet)
}

/** To be typed in. */
export function notesOf(root: ListRoot, id: string): Text {
  return root.details.open(id).open('notes', notesText)
}

/** Moves an item to where another one stands; those between make room. */
export function moveItem(root: ListRoot, id: string, to: string): void {
  const order = root.order.toJSON() as string[]
  if (!order.includes(id)) order.push(id)
  if (root.order.length < order.length) root.order.push(id)
  const target = order.indexOf(to)
  if (target >= 0) root.order.move(order.indexOf(id), target)
}

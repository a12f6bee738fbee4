/** What somebody types to add items: words that begin with # are tags, and each line is an item. */
import type { Item } from './items.ts'

export type NewItem = Pick<Item, 'title' | 'tags'>

const TAG = /(?:^|\s)#([\p{L}\p{N}][\p{L}\p{N}_-]*)/gu
const TITLE_LENGTH_MAX = 500

export function parseItems(typed: string): NewItem[] {
  return typed
    .split(/\r?\n/)
    .map(parseItem)
    .filter(({ title }) => title !== '')
}

function parseItem(line: string): NewItem {
  const tags = [...new Set([...line.matchAll(TAG)].map(([, tag = '']) => tag.toLowerCase()))]
  // Lists that were copied from elsewhere bring their bullets along.
  const title = line
    .replace(TAG, ' ')
    .replace(/^\s*(?:(?:[-*•–]|\[[ x]?\])\s+)+/i, '')
    .replace(/\s+/g, ' ')
    .trim()
  return { title: title.slice(0, TITLE_LENGTH_MAX), tags }
}

/** What somebody types as a tag; undefined where nothing is left of it. */
export function parseTag(typed: string): string | undefined {
  const tag = typed.trim().replace(/^#+/, '').toLowerCase().replace(/\s+/g, '-')
  return tag === '' ? undefined : tag.slice(0, 40)
}

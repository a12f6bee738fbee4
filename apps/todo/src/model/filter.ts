import type { Item } from './items.ts'

export interface Filter {
  readonly search: string
  readonly tag: string | undefined
}

/** Those that have the tag and all the words, wherever in them. */
export function filterItems(items: readonly Item[], { search, tag }: Filter): readonly Item[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean)
  if (words.length === 0 && tag === undefined) return items
  return items.filter((item) => {
    if (tag !== undefined && !item.tags.includes(tag)) return false
    const text = `${item.title} ${item.notes} ${item.tags.map((each) => `#${each}`).join(' ')}`.toLowerCase()
    return words.every((word) => text.includes(word))
  })
}

/** Every tag, those that are used most first. */
export function tagsIn(items: readonly Item[]): readonly string[] {
  const counts = new Map<string, number>()
  for (const { tags } of items) for (const tag of tags) counts.set(tag, (counts.get(tag) ?? 0) + 1)
  return [...counts].sort(([a, many], [b, more]) => more - many || (a < b ? -1 : 1)).map(([tag]) => tag)
}

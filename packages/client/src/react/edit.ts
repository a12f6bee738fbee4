/** One stretch of a text that became another: what typing, pasting, deleting and correcting amount to. */

export interface Edit {
  readonly at: number
  readonly removed: number
  readonly inserted: string
}

/**
 * What leads from one text to another; undefined when they are equal. Never cuts a surrogate pair.
 *
 * @param caret where it stands in the second text, which tells apart what looks alike: what is behind it was there before.
 */
export function editBetween(before: string, after: string, caret: number = after.length): Edit | undefined {
  if (before === after) return undefined
  const shorter = Math.min(before.length, after.length)
  // Mostly all that may be alike is, which is found out at once.
  let suffix = Math.min(shorter, after.length - caret)
  if (!before.endsWith(after.slice(after.length - suffix))) suffix = 0
  let prefix = shorter - suffix
  if (!before.startsWith(after.slice(0, prefix))) prefix = 0
  while (prefix < shorter - suffix && before[prefix] === after[prefix]) prefix += 1
  // The caret may be elsewhere than where the text changed.
  while (suffix < shorter - prefix && before.at(-1 - suffix) === after.at(-1 - suffix)) suffix += 1
  if (isInPair(before, prefix)) prefix -= 1
  if (isInPair(before, before.length - suffix)) suffix -= 1
  const removed = before.length - suffix - prefix
  return {
    at: prefix,
    removed,
    // Half of a pair is nothing that a text can hold.
    inserted: after.slice(prefix, after.length - suffix).replace(/\p{Surrogate}/gu, '\ufffd'),
  }
}

/** Whether a position is between the halves of a surrogate pair. */
function isInPair(text: string, position: number): boolean {
  return (text.codePointAt(position - 1) ?? 0) > 0xffff
}

export function applied(text: string, { at, removed, inserted }: Edit): string {
  return text.slice(0, at) + inserted + text.slice(at + removed)
}

/** Where a position is after an edit; one inside of what was removed is where that was. */
export function moved(position: number, { at, removed, inserted }: Edit): number {
  if (position <= at) return position
  return position < at + removed ? at : position + inserted.length - removed
}

/** The same removal and insertion in a text that others have edited: removals from the back, so that each can be done as it stands. */
export function rebased(edit: Edit, over: readonly Edit[]): { readonly removals: Edit[]; readonly insertion: Edit } {
  let units = Array.from({ length: edit.removed }, (_, i) => edit.at + i)
  let { at } = edit
  for (const other of over) {
    const isLeft = (unit: number): boolean => unit < other.at || unit >= other.at + other.removed
    // A unit is behind what was inserted before it.
    units = units.filter(isLeft).map((unit) => moved(unit + 1, other) - 1)
    at = moved(at, other)
  }
  const removals: Edit[] = []
  for (const unit of units) {
    const last = removals[0]
    if (last && last.at + last.removed === unit) removals[0] = { ...last, removed: last.removed + 1 }
    else removals.unshift({ at: unit, removed: 1, inserted: '' })
  }
  return { removals, insertion: { ...edit, at } }
}

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
  const suffixMax = Math.min(shorter, after.length - caret)
  let suffix = 0
  while (suffix < suffixMax && before.at(-1 - suffix) === after.at(-1 - suffix)) suffix += 1
  let prefix = 0
  while (prefix < shorter - suffix && before[prefix] === after[prefix]) prefix += 1
  // The caret may be elsewhere than where the text changed.
  while (suffix < shorter - prefix && before.at(-1 - suffix) === after.at(-1 - suffix)) suffix += 1
  if (isHigh(before[prefix - 1])) prefix -= 1
  if (isLow(before[before.length - suffix]) && suffix > 0) suffix -= 1
  return {
    at: prefix,
    removed: before.length - suffix - prefix,
    inserted: after.slice(prefix, after.length - suffix).replace(LONE_SURROGATES, '\ufffd'),
  }
}

const LONE_SURROGATES = /\p{Surrogate}/gu

function isHigh(unit: string | undefined): boolean {
  return unit !== undefined && unit >= '\ud800' && unit < '\udc00'
}

function isLow(unit: string | undefined): boolean {
  return unit !== undefined && unit >= '\udc00' && unit < '\ue000'
}

/** Where a position is after an edit; one inside of what was removed is where that was. */
export function moved(position: number, { at, removed, inserted }: Edit): number {
  if (position <= at) return position
  return position >= at + removed ? position + inserted.length - removed : at
}

/** The same removal and insertion in a text that others have edited: removals from the back, so that each can be done as it stands. */
export function rebased(edit: Edit, over: readonly Edit[]): { readonly removals: Edit[]; readonly insertion: Edit } {
  let units = Array.from({ length: edit.removed }, (_, i) => edit.at + i)
  let { at } = edit
  for (const other of over) {
    units = units.filter((unit) => unit < other.at || unit >= other.at + other.removed)
    // A unit is behind what was inserted before it.
    units = units.map((unit) => (unit < other.at ? unit : unit + other.inserted.length - other.removed))
    at = moved(at, other)
  }
  const removals: Edit[] = []
  for (const unit of units) {
    const last = removals.at(-1)
    if (last !== undefined && last.at + last.removed === unit) {
      removals[removals.length - 1] = { ...last, removed: last.removed + 1 }
    } else removals.push({ at: unit, removed: 1, inserted: '' })
  }
  return { removals: removals.reverse(), insertion: { at, removed: 0, inserted: edit.inserted } }
}

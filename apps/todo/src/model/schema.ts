/**
 * What documents look like. A list is a document that everybody with its link shares; `home` is the one of a device, with the lists it
 * keeps. What an item is made of stands in maps that the plain HTTP API can write, too.
 */
import { defineSchema, list, lww, orMap, orSet } from '@joinery/core'

/**
 * - `items` has the ids that are in the list: adding wins over concurrent removing, and every edit of an item adds it anew. So an item
 *   that somebody edits while somebody else removes it is there, whole.
 * - `order` has the ids in their order, those of removed items included, so that what comes back comes back to its place.
 * - `details` has, by id: `title`, `done` (last write wins), `tags` (a set), `notes` (a text). They stay when an item is removed.
 * - `members` has the ids of the devices that joined, `people` what they call themselves.
 */
export const listSchema = defineSchema({
  name: lww<string>(),
  items: orSet<string>(),
  order: list<string>(),
  details: orMap(orMap()),
  members: orSet<string>(),
  people: orMap(),
})

/** `lists`: by id the name that the list had when it was last looked at. */
export const homeSchema = defineSchema({ lists: orMap() })

export type ListFields = (typeof listSchema)['fields']

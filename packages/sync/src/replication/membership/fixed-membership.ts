/** Members that somebody else keeps: nothing is asked, nothing changes. */
import type { Membership } from './membership.ts'
import type { Roster } from './roster.ts'

export function fixedMembership(roster: Roster): Membership {
  const nothing = (): void => {}
  return {
    roster,
    dueMs: Number.POSITIVE_INFINITY,
    members: [],
    start: nothing,
    meet: nothing,
    heard: nothing,
    receive: nothing,
    wake: nothing,
    leave: nothing,
  }
}

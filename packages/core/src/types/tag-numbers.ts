/**
 * Numbers of the types in encoded blocks. Never reused; a reader keeps blocks of numbers it does not know as they are.
 * Constants of their own, so that a bundle holds those of its types.
 */
export const gcounter = 1
export const pncounter = 2
export const bcounter = 3
export const gset = 4
export const twoPhaseSet = 5
export const orset = 6
export const lww = 7
export const mvreg = 8
export const ewflag = 9
export const dwflag = 10
export const ormap = 11
export const rga = 12
export const text = 13
export const struct = 14

/** Types that cannot be reset, and therefore never stand below a removable key. */
export function isResettable(tag: number): boolean {
  return tag !== gset && tag !== twoPhaseSet && tag !== bcounter
}

/** Types that hold no others, and in a document mention no actors but those whose dots are known. */
export function isSelfContained(tag: number): boolean {
  return tag !== ormap && tag !== rga && tag !== struct && tag !== bcounter
}

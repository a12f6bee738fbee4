/** Numbers of the types in encoded blocks. Never reused; a reader keeps blocks of numbers it does not know as they are. */
export const tags = {
  gcounter: 1,
  pncounter: 2,
  bcounter: 3,
  gset: 4,
  '2pset': 5,
  orset: 6,
  lww: 7,
  mvreg: 8,
  ewflag: 9,
  dwflag: 10,
  ormap: 11,
  rga: 12,
  text: 13,
  struct: 14,
} as const

/** Types that cannot be reset, and therefore never stand below a removable key. */
export function isResettable(tag: number): boolean {
  return tag !== tags.gset && tag !== tags['2pset'] && tag !== tags.bcounter
}

export type TypeName = keyof typeof tags

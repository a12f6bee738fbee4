/** Rows that are elsewhere than before glide there, whoever moved them. Not where somebody wants less motion. */
import { type RefObject, useLayoutEffect, useRef } from 'react'

const GLIDE_MS = 220
/** Of long lists nobody sees all. */
const ROWS_MAX = 300

export function useFlip(list: RefObject<HTMLElement | null>, order: string): void {
  const tops = useRef(new Map<string, number>())
  // biome-ignore lint/correctness/useExhaustiveDependencies: another order is what makes rows glide.
  useLayoutEffect(() => {
    const before = tops.current
    const now = new Map<string, number>()
    const rows = [...(list.current?.querySelectorAll<HTMLElement>('[data-id]') ?? [])].slice(0, ROWS_MAX)
    const isStill = matchMedia('(prefers-reduced-motion: reduce)').matches
    for (const row of rows) {
      const id = row.dataset.id ?? ''
      now.set(id, row.offsetTop)
      const by = (before.get(id) ?? row.offsetTop) - row.offsetTop
      if (isStill || by === 0 || Math.abs(by) > innerHeight) continue
      row.animate([{ transform: `translateY(${by}px)` }, { transform: 'none' }], {
        duration: GLIDE_MS,
        easing: 'cubic-bezier(0.2, 0.8, 0.2, 1)',
      })
    }
    tops.current = now
  }, [order])
}

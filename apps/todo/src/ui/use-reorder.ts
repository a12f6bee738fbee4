/**
 * Taking an item by its handle and putting it elsewhere: with the pointer, where the others make room while it passes, and with the
 * arrow keys, one place at a time.
 */
import { type KeyboardEvent, type PointerEvent, type RefObject, useEffect, useMemo, useRef } from 'react'

interface ReorderOptions {
  readonly list: RefObject<HTMLElement | null>
  readonly ids: readonly string[]
  readonly onMove: (id: string, to: string) => void
}

export interface Reorder {
  onPointerDown(id: string, event: PointerEvent<HTMLElement>): void
  onKeyDown(id: string, event: KeyboardEvent<HTMLElement>): void
}

const EDGE_PX = 70

/** The same object at each render, so that rows need not render for it. */
export function useReorder(options: ReorderOptions): Reorder {
  const { list } = options
  const latest = useRef(options)
  /** Who has the focus, and loses it on the way. */
  const moved = useRef<{ readonly id: string; readonly selector: string } | undefined>(undefined)
  useEffect(() => {
    latest.current = options
    const { current } = moved
    moved.current = undefined
    if (current === undefined) return
    list.current?.querySelector<HTMLElement>(`[data-id="${current.id}"] ${current.selector}`)?.focus()
  })
  return useMemo(
    () => ({
      onPointerDown(id, event) {
        const { ids, onMove } = latest.current
        if (event.button !== 0 || list.current === null) return
        event.preventDefault()
        event.currentTarget.focus()
        drag(event.currentTarget, event.nativeEvent, { id, ids, list: list.current, onMove })
      },
      onKeyDown(id, event) {
        const { ids, onMove } = latest.current
        const isGrip = event.currentTarget.classList.contains('grip')
        const step = isGrip || event.altKey ? { ArrowUp: -1, ArrowDown: 1 }[event.key] : undefined
        if (step === undefined) return
        event.preventDefault()
        const to = ids[ids.indexOf(id) + step]
        if (to === undefined) return
        moved.current = { id, selector: isGrip ? '.grip' : '.row-title' }
        onMove(id, to)
      },
    }),
    [list],
  )
}

interface DragOptions extends Pick<ReorderOptions, 'ids' | 'onMove'> {
  readonly id: string
  readonly list: HTMLElement
}

function drag(grip: HTMLElement, start: globalThis.PointerEvent, { id, ids, list, onMove }: DragOptions): void {
  const elements = ids.map((each) => list.querySelector<HTMLElement>(`[data-id="${each}"]`))
  const boxes = elements.map((element) => element?.getBoundingClientRect())
  const from = ids.indexOf(id)
  const own = boxes[from]
  const startY = start.clientY + scrollY
  let to = from
  if (own === undefined) return
  grip.setPointerCapture(start.pointerId)
  list.classList.add('is-dragging')
  elements[from]?.classList.add('is-taken')

  const onMoveOf = (event: globalThis.PointerEvent) => {
    const offset = event.clientY + scrollY - startY
    const middle = own.top + own.height / 2 + offset
    to = nearest(boxes, from, middle)
    elements.forEach((element, i) => {
      const room = i > from && i <= to ? -own.height : i < from && i >= to ? own.height : 0
      element?.style.setProperty('transform', `translateY(${i === from ? offset : room}px)`)
    })
    if (event.clientY < EDGE_PX) scrollBy(0, -12)
    else if (event.clientY > innerHeight - EDGE_PX) scrollBy(0, 12)
  }
  const end = (isDone: boolean) => {
    grip.removeEventListener('pointermove', onMoveOf)
    grip.removeEventListener('pointerup', onUp)
    grip.removeEventListener('pointercancel', onCancel)
    removeEventListener('keydown', onKey, true)
    list.classList.remove('is-dragging')
    elements[from]?.classList.remove('is-taken')
    for (const element of elements) element?.style.removeProperty('transform')
    const target = ids[to]
    if (isDone && to !== from && target !== undefined) onMove(id, target)
  }
  const onUp = () => end(true)
  const onCancel = () => end(false)
  const onKey = (event: globalThis.KeyboardEvent) => {
    if (event.key !== 'Escape') return
    event.stopPropagation()
    end(false)
  }
  grip.addEventListener('pointermove', onMoveOf)
  grip.addEventListener('pointerup', onUp)
  grip.addEventListener('pointercancel', onCancel)
  addEventListener('keydown', onKey, true)
}

/** The place whose middle is nearest. */
function nearest(boxes: readonly (DOMRect | undefined)[], from: number, middle: number): number {
  const away = boxes.map((box) =>
    box === undefined ? Number.POSITIVE_INFINITY : Math.abs(box.top + box.height / 2 - middle),
  )
  const least = Math.min(...away)
  return away[from] === least ? from : away.indexOf(least)
}

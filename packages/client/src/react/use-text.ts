/** A text of a document, to be typed in by several at a time. */
import type { FieldSpecs, Fields, Text } from '@joinery/core'
import { useEffect, useRef, useState } from 'react'
import type { LiveDoc } from '../live/types.ts'
import type { TextElement } from './field.ts'
import { bindText, type TextSelection } from './text-binding.ts'

export type { TextSelection }

export interface UseTextOptions {
  /**
   * Calls back when the caret or selection is elsewhere, with positions that stay with their neighbours, such as others are told by
   * `usePresence`; undefined when the field has lost the focus.
   */
  readonly onSelect?: (selection: TextSelection | undefined) => void
}

/** For `<input {...props} />` or `<textarea {...props} />`. */
export interface TextProps {
  readonly ref: (element: TextElement | null) => void
  readonly defaultValue: string
  readonly readOnly: boolean
}

/**
 * Binds a text to an input or textarea: what is typed becomes edits of the text, and what others write appears there, with caret and
 * selection kept. Nothing renders while somebody types. An edit that the document refuses (`CLIENT_QUEUE_FULL`) is taken out of the field
 * again and thrown where the browser reports errors.
 *
 * @param select finds the text in the document, or answers undefined while there is none.
 */
export function useText<S extends FieldSpecs>(
  doc: LiveDoc<S>,
  select: (root: Fields<S>) => Text | undefined,
  options: UseTextOptions = {},
): TextProps {
  const [element, setElement] = useState<TextElement | null>(null)
  const text = select(doc.root)
  const [defaultValue] = useState(() => `${text ?? ''}`)
  const latest = useRef({ select, options })
  useEffect(() => {
    latest.current = { select, options }
  })
  // biome-ignore lint/correctness/useExhaustiveDependencies: another text is another binding, though it is `select` that finds it.
  useEffect(() => {
    if (element === null) return
    return bindText(element, {
      text: () => latest.current.select(doc.root),
      doc,
      select: (selection) => latest.current.options.onSelect?.(selection),
    })
  }, [element, doc, text])
  return { ref: setElement, defaultValue, readOnly: !doc.isReady }
}

/** An input or textarea that shows a text. */
import { applied, type Edit, editBetween } from './edit.ts'

export type TextElement = HTMLInputElement | HTMLTextAreaElement

export interface Field {
  /** The text, as the field was last told or has told. */
  readonly text: string
  /** Both ends; undefined where a field has no selection. */
  readonly selection: readonly number[] | undefined
  /** Shows another text, with its selection at these positions. */
  show(text: string, selection?: readonly number[]): void
  /**
   * What was typed since, as an edit of the text. A field has line breaks of its own: one that shows those of the text in another way
   * brings its own with the first edit.
   */
  typed(): Edit | undefined
}

export function fieldOf(element: TextElement, text: string): Field {
  let shown = ''
  const field = {
    text,
    get selection() {
      const { selectionStart, selectionEnd } = element
      return selectionStart === null || selectionEnd === null ? undefined : [selectionStart, selectionEnd]
    },
    show(next: string, [first = 0, second]: readonly number[] = []) {
      const { selectionDirection, scrollTop } = element
      element.value = next
      field.text = next
      shown = element.value
      if (second === undefined) return
      element.setSelectionRange(first, second, selectionDirection ?? undefined)
      element.scrollTop = scrollTop
    },
    typed() {
      const { value, selectionEnd } = element
      if (value === shown) return undefined
      shown = value
      const edit = editBetween(field.text, value, selectionEnd ?? undefined)
      if (edit) field.text = applied(field.text, edit)
      return edit
    },
  }
  field.show(text)
  return field
}

/**
 * A text of a document in an input or textarea. What is typed becomes the smallest edit of the text, what others write appears
 * around the caret and the selection, which stay with their neighbours. While a word is being composed (input methods for Chinese,
 * Japanese, accents) the field is left alone: both sides meet when the composition ends.
 */
import type { Text } from '@joinery/core'
import type { Undo } from '../live/types.ts'
import { applied, type Edit, editBetween, moved, rebased } from './edit.ts'
import { type Field, fieldOf, type TextElement } from './field.ts'

/** A selection as positions that stay with their neighbours, for the others: `text.resolveCursor` tells where it is. */
export interface TextSelection {
  readonly anchor: string
  readonly head: string
}

export interface TextSource {
  /** The text as it is now; undefined while there is none. */
  text(): Text | undefined
  readonly doc: {
    change(mutate: () => void): boolean
    subscribe(listener: () => void): () => void
    readonly undo: Undo
  }
  /** Undefined: the field has lost the focus. */
  select(selection: TextSelection | undefined): void
}

/** Both ends of the selection, first one first: where they are in the field, and next to whom. */
interface Caret {
  readonly at: string
  readonly cursors: readonly string[]
}

/** Answers what ends it. */
export function bindText(element: TextElement, source: TextSource): () => void {
  const read = (): string => `${source.text() ?? ''}`
  const field = fieldOf(element, read())
  let caret: Caret | undefined
  /** What others wrote while a word is being composed. */
  let missed: Edit[] | undefined
  /** What is typed here is in the field already, unless others wrote meanwhile. */
  let isTyping = false

  const selected = (): void => {
    // What is being composed is not in the text yet.
    if (missed || element.ownerDocument.activeElement !== element) return
    caret = caretIn(field, source.text())
    if (!caret) return
    const [first = '', second = ''] = caret.cursors
    const isBackward = element.selectionDirection === 'backward'
    source.select({ anchor: isBackward ? second : first, head: isBackward ? first : second })
  }
  const show = (next: string): void => {
    field.show(next, stay(field, next, caret, source.text()))
    selected()
  }
  const write = (over: readonly Edit[] = []): void => {
    const edit = missed ? undefined : field.typed()
    if (!edit) return
    isTyping = !over.length
    try {
      source.doc.change(() => writeInto(source.text(), rebased(edit, over)))
    } catch (error) {
      // What cannot be written is not to look as if it had been.
      show(read())
      throw error
    } finally {
      isTyping = false
    }
    selected()
  }
  const changed = (): void => {
    if (isTyping) return
    const next = read()
    if (!missed) {
      if (next !== field.text) show(next)
      return
    }
    const edit = editBetween(missed.reduce(applied, field.text), next)
    if (edit) missed.push(edit)
  }
  const ends = [
    source.doc.subscribe(changed),
    listen(element.ownerDocument, 'selectionchange', selected),
    listen(element, 'input', () => write()),
    listen(element, 'compositionstart', () => {
      missed = []
    }),
    listen(element, 'compositionend', () => {
      const over = missed
      missed = undefined
      write(over)
      changed()
    }),
    listen(element, 'beforeinput', (event) => {
      const [, step] = (event as InputEvent).inputType.split('history')
      if (!step) return
      // The field knows nothing of what others wrote.
      event.preventDefault()
      source.doc.undo[step === 'Undo' ? 'undo' : 'redo']()
    }),
    listen(element, 'blur', () => source.select(undefined)),
  ]
  return () => {
    for (const end of ends) end()
    if (caret) source.select(undefined)
  }
}

function listen(target: EventTarget, type: string, listener: (event: Event) => void): () => void {
  target.addEventListener(type, listener)
  return () => target.removeEventListener(type, listener)
}

function writeInto(text: Text | undefined, { removals, insertion }: ReturnType<typeof rebased>): void {
  let { at } = insertion
  for (const each of removals) {
    text?.delete(each.at, each.removed)
    at = moved(at, each)
  }
  text?.insert(at, insertion.inserted)
}

function caretIn({ selection, text: { length } }: Field, text: Text | undefined): Caret | undefined {
  if (!text || !selection) return undefined
  const [first = 0, second = 0] = selection.map((at) => Math.min(at, length))
  // A caret stays behind what was typed last, a selection grows by nothing that is written at its ends.
  const cursors = [text.cursorAt(first, first === second ? 'former' : 'following'), text.cursorAt(second, 'former')]
  return { at: `${selection}`, cursors }
}

/** Where the ends of the selection are in the text that takes the place of this one. */
function stay({ selection, text: before }: Field, next: string, caret: Caret | undefined, text: Text | undefined) {
  if (text && caret?.at === `${selection}`) return caret.cursors.map((cursor) => text.resolveCursor(cursor))
  const edit = editBetween(before, next)
  return edit && selection?.map((at) => moved(at, edit))
}

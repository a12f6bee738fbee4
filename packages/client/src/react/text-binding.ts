/**
 * A text of a document in an input or textarea. What is typed becomes the smallest edit of the text, what others write appears
 * around the caret and the selection, which stay with their neighbours. While a word is being composed (input methods for Chinese,
 * Japanese, accents) the field is left alone: both sides meet when the composition ends.
 */
import type { Text } from '@joinery/core'
import { type Edit, editBetween, moved, rebased } from './edit.ts'

export type TextElement = HTMLInputElement | HTMLTextAreaElement

/** A selection as positions that stay with their neighbours, for the others: `text.resolveCursor` tells where it is. */
export interface TextSelection {
  readonly anchor: string
  readonly head: string
}

export interface TextSource {
  /** The text as it is now; undefined while there is none. */
  text(): Text | undefined
  /** Makes one change of the document. */
  change(mutate: () => void): void
  /** Calls back after each change, whoever made it. */
  subscribe(listener: () => void): () => void
  /** Instead of what the field itself would do, which knows nothing of what others wrote. */
  undo(direction: 'undo' | 'redo'): void
  /** Undefined: the field has lost the focus. */
  select(selection: TextSelection | undefined): void
}

interface Caret {
  readonly start: number
  readonly end: number
  readonly cursors: readonly [string, string]
}

export class TextBinding {
  readonly #element: TextElement
  readonly #source: TextSource
  readonly #ends: (() => void)[] = []
  /** The text as it is in the field, and what the field makes of it: some show line breaks in their own way. */
  #text = ''
  #shown = ''
  #caret: Caret | undefined
  #isComposing = false
  /** What others wrote meanwhile. */
  #missed: Edit[] = []

  constructor(element: TextElement, source: TextSource) {
    this.#element = element
    this.#source = source
    this.#text = source.text()?.toString() ?? ''
    element.value = this.#text
    this.#shown = element.value
    this.#listen('input', () => this.#typed())
    this.#listen('compositionstart', () => {
      this.#isComposing = true
    })
    this.#listen('compositionend', () => this.#composed())
    this.#listen('beforeinput', (event) => this.#beforeInput(event as InputEvent))
    this.#listen('blur', () => source.select(undefined))
    this.#listen('focus', () => this.#selected())
    const { ownerDocument } = element
    const onSelection = (): void => {
      if (ownerDocument.activeElement === element) this.#selected()
    }
    ownerDocument.addEventListener('selectionchange', onSelection)
    this.#ends.push(() => ownerDocument.removeEventListener('selectionchange', onSelection))
    this.#ends.push(source.subscribe(() => this.#changed()))
  }

  end(): void {
    for (const end of this.#ends) end()
    if (this.#element.ownerDocument.activeElement === this.#element) this.#source.select(undefined)
  }

  #listen(type: string, listener: (event: Event) => void): void {
    this.#element.addEventListener(type, listener)
    this.#ends.push(() => this.#element.removeEventListener(type, listener))
  }

  #beforeInput(event: InputEvent): void {
    const direction = /^history(Undo|Redo)$/.exec(event.inputType)?.[1]
    if (direction === undefined) return
    event.preventDefault()
    this.#source.undo(direction === 'Undo' ? 'undo' : 'redo')
  }

  #composed(): void {
    this.#isComposing = false
    this.#typed()
    this.#changed()
  }

  /** What is in the field becomes the text. */
  #typed(): void {
    if (this.#isComposing) return
    const { value, selectionEnd } = this.#element
    const edit = editBetween(this.#shown, value, selectionEnd ?? undefined)
    const missed = this.#missed
    this.#missed = []
    if (edit === undefined) return
    const at = this.#inText(edit.at)
    const own = { ...edit, at, removed: this.#inText(edit.at + edit.removed) - at }
    // Before the change, which tells of itself at once.
    this.#text = replaced(this.#text, own)
    this.#shown = value
    try {
      this.#source.change(() => this.#write(rebased(own, missed)))
    } catch (error) {
      // What cannot be written is not to look as if it had been.
      this.#show(this.#current())
      throw error
    }
    this.#selected()
  }

  #write({ removals, insertion }: ReturnType<typeof rebased>): void {
    const text = this.#source.text()
    if (text === undefined) return
    let { at } = insertion
    for (const each of removals) {
      text.delete(each.at, each.removed)
      at = moved(at, each)
    }
    text.insert(at, insertion.inserted)
  }

  /** The document changed: by somebody else, by undo, or by what was typed here. */
  #changed(): void {
    const text = this.#current()
    if (!this.#isComposing) {
      if (text !== this.#text) this.#show(text)
      return
    }
    const edit = editBetween(this.#missed.reduce(replaced, this.#text), text)
    if (edit !== undefined) this.#missed.push(edit)
  }

  #current(): string {
    return this.#source.text()?.toString() ?? ''
  }

  #show(text: string): void {
    const element = this.#element
    const { selectionStart, selectionEnd, selectionDirection, scrollTop } = element
    const selection =
      selectionStart === null || selectionEnd === null ? undefined : this.#stay(selectionStart, selectionEnd, text)
    element.value = text
    this.#text = text
    this.#shown = element.value
    if (selection === undefined) return
    element.setSelectionRange(this.#inField(selection[0]), this.#inField(selection[1]), selectionDirection ?? 'none')
    element.scrollTop = scrollTop
    if (this.#hasFocus) this.#selected()
  }

  /** Where the ends of a selection are in the text that takes the place of this one. */
  #stay(start: number, end: number, next: string): readonly [number, number] {
    const text = this.#source.text()
    const caret = this.#caret
    if (text !== undefined && caret?.start === start && caret.end === end) {
      const [first, second] = caret.cursors
      return [text.resolveCursor(first), text.resolveCursor(second)]
    }
    const edit = editBetween(this.#text, next)
    const at = (position: number): number => (edit === undefined ? position : moved(position, edit))
    return [at(this.#inText(start)), at(this.#inText(end))]
  }

  get #hasFocus(): boolean {
    return this.#element.ownerDocument.activeElement === this.#element
  }

  /** The caret is elsewhere, or what is around it is another. */
  #selected(): void {
    const text = this.#source.text()
    const { selectionStart: start, selectionEnd: end, selectionDirection } = this.#element
    // What is being composed is not in the text yet.
    if (text === undefined || start === null || end === null || this.#isComposing) return
    // A caret stays behind what was typed last, a selection grows by nothing that is written at its ends.
    const first = text.cursorAt(this.#inText(start), start === end ? 'former' : 'following')
    const second = text.cursorAt(this.#inText(end), 'former')
    this.#caret = { start, end, cursors: [first, second] }
    const [anchor, head] = selectionDirection === 'backward' ? [second, first] : [first, second]
    this.#source.select({ anchor, head })
  }

  #inText(position: number): number {
    return this.#text === this.#shown ? position : along(this.#text, this.#shown, (_, shown) => shown >= position)[0]
  }

  #inField(position: number): number {
    return this.#text === this.#shown ? position : along(this.#text, this.#shown, (text) => text >= position)[1]
  }
}

function replaced(text: string, { at, removed, inserted }: Edit): string {
  return text.slice(0, at) + inserted + text.slice(at + removed)
}

/** Walks a text beside what a field shows of it: line breaks of two units are one there, or none. Answers both positions. */
function along(text: string, shown: string, isThere: (text: number, shown: number) => boolean): [number, number] {
  let at = 0
  let beside = 0
  while (at < text.length && !isThere(at, beside)) {
    const isOldBreak = text[at] === '\r' && text[at + 1] !== '\n' && shown[beside] === '\n'
    if (text[at] === shown[beside] || isOldBreak) beside += 1
    at += 1
  }
  return [at, beside]
}

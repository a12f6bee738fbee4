import { type ChangeEvent, type KeyboardEvent, useState } from 'react'

interface Draft {
  readonly value: string
  onChange(event: ChangeEvent<HTMLInputElement>): void
  onBlur(): void
  onKeyDown(event: KeyboardEvent<HTMLInputElement>): void
}

/** A field whose text is written when one leaves it or presses Enter; Escape puts it back. Until then it is nobody else's. */
export function useDraft(value: string, write: (value: string) => void): Draft {
  const [draft, setDraft] = useState<string>()
  const finish = () => {
    const next = draft?.trim()
    setDraft(undefined)
    if (next !== undefined && next !== '' && next !== value) write(next)
  }
  return {
    value: draft ?? value,
    onChange: (event) => setDraft(event.target.value),
    onBlur: finish,
    onKeyDown(event) {
      // Enter also ends the composition of a word.
      if (event.key === 'Enter' && !event.nativeEvent.isComposing) {
        finish()
        event.currentTarget.blur()
      } else if (event.key === 'Escape' && draft !== undefined) {
        event.stopPropagation()
        setDraft(undefined)
      }
    },
  }
}

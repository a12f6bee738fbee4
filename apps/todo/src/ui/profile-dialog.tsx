import { type FormEvent, type ReactElement, useState } from 'react'
import { COLOURS, type Person } from '../model/people.ts'
import { Avatar } from './avatar.tsx'
import { Dialog } from './dialog.tsx'

interface ProfileDialogProps {
  readonly me: Person
  readonly onMe: (me: Person) => void
  readonly onClose: () => void
}

export function ProfileDialog({ me, onMe, onClose }: ProfileDialogProps): ReactElement {
  const [draft, setDraft] = useState(me)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const name = draft.name.trim()
    if (name !== '') onMe({ ...draft, name })
    onClose()
  }
  return (
    <Dialog title="How others see you" onClose={onClose}>
      <form className="profile" onSubmit={submit}>
        <label>
          Name
          <input
            value={draft.name}
            maxLength={40}
            autoComplete="nickname"
            onChange={(event) => setDraft({ ...draft, name: event.target.value })}
          />
        </label>
        <fieldset>
          <legend>Colour</legend>
          <div className="swatches">
            {Array.from({ length: COLOURS }, (_, colour) => colour).map((colour) => (
              <label key={colour} className="swatch">
                <input
                  type="radio"
                  name="colour"
                  checked={draft.colour === colour}
                  onChange={() => setDraft({ ...draft, colour })}
                />
                <Avatar person={{ name: draft.name, colour }} />
                <span className="spoken">{`Colour ${colour + 1}`}</span>
              </label>
            ))}
          </div>
        </fieldset>
        <button type="submit" className="primary">
          Save
        </button>
      </form>
    </Dialog>
  )
}

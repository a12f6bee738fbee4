import type { ReactElement } from 'react'
import { initialsOf, type Person } from '../model/people.ts'

interface AvatarProps {
  readonly person: Person
  readonly isHere?: boolean
  readonly isMe?: boolean
}

export function Avatar({ person: { name, colour }, isHere = true, isMe = false }: AvatarProps): ReactElement {
  const label = `${name}${isMe ? ' (you)' : ''}${isHere ? '' : ', not here now'}`
  return (
    <span className={`avatar person-${colour} ${isHere ? '' : 'is-away'}`} role="img" aria-label={label} title={label}>
      <span aria-hidden="true">{initialsOf(name)}</span>
    </span>
  )
}

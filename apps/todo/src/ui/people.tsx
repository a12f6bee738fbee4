import type { ReactElement } from 'react'
import type { Member } from '../model/people.ts'
import { Avatar } from './avatar.tsx'
import type { Other } from './others.ts'

const SHOWN_MAX = 5

interface PeopleProps {
  readonly members: readonly Member[]
  readonly others: readonly Other[]
  readonly me: Member
}

/** Who is here now, then who joined and is elsewhere. */
export function People({ members, others, me }: PeopleProps): ReactElement {
  const here = [me, ...others]
  const away = members.filter(({ id }) => !here.some((each) => each.id === id))
  const all = [
    ...here.map((person) => ({ person, isHere: true })),
    ...away.map((person) => ({ person, isHere: false })),
  ]
  const shown = all.slice(0, all.length > SHOWN_MAX ? SHOWN_MAX - 1 : SHOWN_MAX)
  return (
    <ul className="people" aria-label="Who is here">
      {shown.map(({ person, isHere }) => (
        <li key={person.id}>
          <Avatar person={person} isHere={isHere} isMe={person.id === me.id} />
        </li>
      ))}
      {shown.length < all.length && <li className="people-more">{`+${all.length - shown.length}`}</li>}
    </ul>
  )
}

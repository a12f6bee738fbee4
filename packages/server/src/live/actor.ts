import { type ActorId, parseActorId } from '@joinery/core'
import { SessionRefusal } from '@joinery/sync'

/** The actor that a client names. Throws `SessionRefusal`. */
export function actorOf(text: string): ActorId {
  try {
    return parseActorId(text)
  } catch (cause) {
    throw new SessionRefusal('malformed', 'no actor has this name', { cause })
  }
}

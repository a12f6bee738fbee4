/** What the documents of a client share. */
import type { ActorId } from '@joinery/core'
import type { ClientSession } from '@joinery/sync'
import type { Host } from '../host.ts'
import type { LiveLimits } from './limits.ts'
import type { Place } from './place.ts'
import type { Tabs } from './tabs.ts'
import type { Shelf } from './undo-keeper.ts'

export interface Shared {
  readonly tenant: string
  readonly nodeId: string
  readonly session: ClientSession
  readonly host: Host
  readonly limits: LiveLimits
  /** The server's time as far as it is known, milliseconds since 1970. */
  readonly wallMs: () => number
  /** An actor that nobody else has. */
  readonly drawnActor: () => ActorId
  /** Takes note of the server's time, microseconds since 1970. */
  readonly serverTime: (micros: number) => void
  /** The storage; undefined where there is none. */
  readonly place: () => Promise<Place | undefined>
  /** Where several tabs share the storage. */
  readonly tabs: Tabs | undefined
  /** Where texts of this tab or process are kept; undefined where there is no such place. */
  readonly shelf: () => Promise<Shelf | undefined>
  /** Something could not be kept; undefined when it could again. */
  readonly trouble: (error: unknown) => void
}

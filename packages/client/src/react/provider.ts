/** Which client the components below use. */
import {
  createContext,
  createElement,
  type ReactElement,
  type ReactNode,
  useContext,
  useSyncExternalStore,
} from 'react'
import type { Client } from '../live/types.ts'

export interface JoineryProviderProps {
  /**
   * The client, or what makes it: a function is called once, and only in a browser, so that a page that is rendered on a server
   * connects nowhere. Make it outside of components. The client is not closed with the provider.
   */
  readonly client: Client | (() => Client)
  readonly children?: ReactNode
}

const Source = createContext<Client | (() => Client) | undefined>(undefined)
const made = new WeakMap<() => Client, Client>()

/** Gives the components below their client. */
export function JoineryProvider({ client, children }: JoineryProviderProps): ReactElement {
  return createElement(Source.Provider, { value: client }, children)
}

/** The client of the provider above; undefined on a server, and while what it rendered is taken over. */
export function useClient(): Client | undefined {
  const source = useContext(Source)
  const isHere = useSyncExternalStore(never, yes, no)
  if (source === undefined) throw new Error('no JoineryProvider')
  if (!isHere) return undefined
  if (typeof source !== 'function') return source
  let client = made.get(source)
  if (client === undefined) {
    client = source()
    made.set(source, client)
  }
  return client
}

export const never = (): (() => void) => nothing
export const nothing = (): void => {}
const yes = (): boolean => true
export const no = (): boolean => false

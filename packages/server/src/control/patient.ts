import type { Store } from '@joinery/sync'

/**
 * The store, asked for a few milliseconds at a time. An embedded store answers at once, and who asks it again and again would never
 * let go of the event loop: requests and sockets would wait for the end of a backup.
 */
export function patient(store: Store, now: () => number, turnMsMax: number): Store {
  let begunMs = now()
  const turn = async (): Promise<void> => {
    if (now() - begunMs < turnMsMax) return
    await new Promise((resolve) => setImmediate(resolve))
    begunMs = now()
  }
  return new Proxy(store, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target)
      if (typeof member !== 'function') return member
      return async (...parameters: unknown[]) => {
        await turn()
        return Reflect.apply(member, target, parameters) as unknown
      }
    },
  })
}

/** This device: what it is called, what it remembers, and its client. */
import { type Client, createClient } from '@joinery/client'
import { browserStorage } from '@joinery/client/browser'
import { COLOURS, type Person } from './model/people.ts'

const NAMES = ['Otter', 'Heron', 'Maple', 'Wren', 'Badger', 'Juniper', 'Finch', 'Hazel', 'Lynx', 'Sorrel']
const MOODS = ['Amber', 'Calm', 'Merry', 'Bright', 'Quiet', 'Swift', 'Sunny', 'Kind']

/** What survives the page; a browser that denies it is a new device each time. */
export const settings = {
  get(name: string): string | undefined {
    try {
      return localStorage.getItem(name) ?? undefined
    } catch {
      return undefined
    }
  },
  set(name: string, value: string): void {
    try {
      localStorage.setItem(name, value)
    } catch {
      // It lasts as long as the page.
    }
  },
}

/** Text that nobody guesses, made of letters and digits. */
export function randomId(letters = 20): string {
  const alphabet = 'abcdefghijkmnpqrstuvwxyz23456789'
  return Array.from(crypto.getRandomValues(new Uint8Array(letters)), (byte) => alphabet[byte % alphabet.length]).join(
    '',
  )
}

function remembered(name: string, make: () => string): string {
  const known = settings.get(name)
  if (known !== undefined) return known
  const made = make()
  settings.set(name, made)
  return made
}

const pick = (words: readonly string[]): string => words[Math.floor(Math.random() * words.length)] ?? ''

export const deviceId: string = remembered('device', () => `web-${randomId(12)}`)

export function readMe(): Person {
  const name = remembered('name', () => `${pick(MOODS)} ${pick(NAMES)}`)
  const colour = Number(remembered('colour', () => String(Math.floor(Math.random() * COLOURS))))
  return { name, colour: Number.isInteger(colour) ? colour % COLOURS : 0 }
}

export function rememberMe({ name, colour }: Person): void {
  settings.set('name', name)
  settings.set('colour', String(colour))
}

/** Made once. Documents are in IndexedDB, which the tabs of this browser share. */
export const openClient = (): Client =>
  createClient({
    url: location.origin,
    tenant: 'todo',
    nodeId: deviceId,
    auth: () => settings.get('key') ?? '',
    storage: browserStorage({ name: 'joinery-todo' }),
    // Somebody is looking.
    limits: { connectRetryMsMax: 8000 },
  })

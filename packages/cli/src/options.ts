/** What several commands read from options and from the variables behind them. */
import { UsageError } from './failure.ts'

export const DEFAULT_STORE = 'sqlite:joinery.sqlite'

/** An empty variable is as good as none. */
export function set(value: string | undefined): string | undefined {
  return value === undefined || value === '' ? undefined : value
}

/** A number from 0 on. */
export function wholeNumber(option: string, text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw new UsageError(`${option} is ${JSON.stringify(text)}`, 'Use a whole number from 0 on.')
}

/** What several commands read from options and from the variables behind them. */
import { UsageError } from './failure.ts'

export const DEFAULT_STORE = 'sqlite:joinery.sqlite'

/** As a path: the standard output. */
export const STDOUT = '-'

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const
export type LogLevel = (typeof logLevels)[number]

export function logLevel(value: string): LogLevel {
  const level = logLevels.find((known) => known === value)
  if (level === undefined)
    throw new UsageError(`there is no log level ${JSON.stringify(value)}`, `Use ${logLevels.join(', ')}.`)
  return level
}

/** What is given once more each time an option is. */
export function collect(value: string, before: string[] | undefined): string[] {
  return [...(before ?? []), value]
}

/** An empty variable is as good as none. */
export function set(value: string | undefined): string | undefined {
  return value === undefined || value === '' ? undefined : value
}

/** A number from 0 on. */
export function wholeNumber(option: string, text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw new UsageError(`${option} is ${JSON.stringify(text)}`, 'Use a whole number from 0 on.')
}

/** A variable that is true or false; false where it is not set. */
export function truth(name: string, value: string | undefined): boolean {
  if (value === undefined || value === '' || value === '0' || value === 'false') return false
  if (value === '1' || value === 'true') return true
  throw new UsageError(`${name} is ${JSON.stringify(value)}`, 'Set it to true or false.')
}

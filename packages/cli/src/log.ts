/** The log: a JSON object per line for machines, or short lines for a terminal. */
import type { FailureShown } from '@joinery/http'
import { type Logger, pino } from 'pino'
import type { Output } from './environment.ts'
import type { LogLevel } from './options.ts'

export interface LogOptions {
  readonly level: LogLevel
  readonly output: Output
}

/** Members that could carry a secret, should anybody ever log a request's headers. */
const SECRETS = ['key', 'apiKey', 'headers["x-api-key"]', 'headers.authorization', 'headers.cookie']

export function createLog({ level, output }: LogOptions): Logger {
  const options = { level, base: null, redact: SECRETS, timestamp: pino.stdTimeFunctions.isoTime }
  return pino(options, output.isTTY ? { write: (line: string) => output.write(readable(line)) } : output)
}

const hidden = new Set(['level', 'time', 'msg', 'failure'])

function readable(line: string): string {
  const entry = JSON.parse(line) as Record<string, unknown>
  const label = pino.levels.labels[Number(entry.level)] ?? ''
  const members = Object.entries(entry)
    .filter(([name]) => !hidden.has(name))
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
  const head = `${String(entry.time).slice(11, 23)} ${label.padEnd(5)} ${String(entry.msg ?? '')}`
  return `${[head, ...members].join('  ')}\n${failureLines(entry.failure as FailureShown | undefined)}`
}

function failureLines(failure: FailureShown | undefined): string {
  if (failure === undefined) return ''
  const { type, code, message, at = [], cause } = failure
  const lines = [
    [type, code, message].filter((part) => part !== undefined).join(' '),
    ...at.map((frame) => `  ${frame}`),
  ]
  return `${lines.map((line) => `    ${line}\n`).join('')}${failureLines(cause)}`
}

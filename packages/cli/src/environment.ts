/** The platform, in one place: everything else of the command takes it as an argument. */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'

export interface Output {
  write(text: string): void
  /** Resolves when what was written has been taken, so that much of it does not pile up in memory. */
  drained(): Promise<void>
  readonly isTTY: boolean
}

export interface Environment {
  readonly variables: Readonly<Record<string, string | undefined>>
  readonly stdout: Output
  readonly stderr: Output
  readonly random: (bytes: number) => Uint8Array
  /** Wall clock, in milliseconds. */
  readonly nowMs: () => number
  /** Calls on each SIGTERM and SIGINT. */
  readonly onSignal: (handle: (signal: NodeJS.Signals) => void) => void
  readonly exit: (code: number) => void
  readonly version: string
}

export function systemEnvironment(): Environment {
  return {
    variables: process.env,
    stdout: output(process.stdout),
    stderr: output(process.stderr),
    random: (bytes) => randomBytes(bytes),
    nowMs: Date.now,
    onSignal(handle) {
      process.on('SIGTERM', handle)
      process.on('SIGINT', handle)
    },
    exit: (code) => process.exit(code),
    version: packageVersion(),
  }
}

function output(stream: NodeJS.WriteStream): Output {
  return {
    write: (text) => void stream.write(text),
    drained: async () => {
      if (stream.writableNeedDrain) await once(stream, 'drain')
    },
    isTTY: stream.isTTY === true,
  }
}

function packageVersion(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}

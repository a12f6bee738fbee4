/**
 * The command line: options, environment variables behind them (options win), and what they call, which is loaded when it is called:
 * a command that asks a server does not wait for the code of one.
 */
import { serviceLimits } from '@joinery/server/service-limits'
import { Command, CommanderError } from 'commander'
import { addCatalog } from './catalog/catalog-command.ts'
import { addCluster } from './cluster/cluster-command.ts'
import { addData } from './data/data-command.ts'
import { addDocuments } from './documents-command.ts'
import type { Environment } from './environment.ts'
import { type Failure, UsageError } from './failure.ts'
import type { KeysOptions } from './keys.ts'
import { addNode } from './node/node-command.ts'
import { collect, DEFAULT_STORE, logLevel, logLevels, set, truth, wholeNumber } from './options.ts'
import type { CompactionPolicy, ServeOptions } from './serve.ts'

const DEFAULT_ADDRESS = ':8080'
const TENANT_BYTES_MAX = 128
const NAME_BYTES_MAX = 256

/** Runs the command; resolves to the exit status. */
export async function run(args: readonly string[], environment: Environment): Promise<number> {
  let status = 0
  const program = buildProgram(environment, (code) => {
    status = code
  })
  try {
    await program.parseAsync(args, { from: 'user' })
    return status
  } catch (error) {
    // Commander has printed its own message already.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    const { text, exitCode } = await failureOf(error)
    environment.stderr.write(`${text}\n`)
    return exitCode
  }
}

async function failureOf(error: unknown): Promise<Failure> {
  if (error instanceof UsageError) return error.failure
  const { describeFailure } = await import('./describe-failure.ts')
  return describeFailure(error)
}

function buildProgram(environment: Environment, done: (status: number) => void): Command {
  const program = new Command('joinery')
    .description('Conflict-free replicated data: write anywhere, every replica converges.')
    .version(environment.version, '--version', 'print the version')
    .exitOverride()
    .configureOutput({ writeOut: environment.stdout.write, writeErr: environment.stderr.write })
    .showHelpAfterError('(joinery --help shows what there is)')
  addServe(program, environment, done)
  addKeys(program, environment)
  addDocuments(program, environment)
  addData(program, environment)
  addNode(program, environment, done)
  addCluster(program, environment, done)
  addCatalog(program, environment, done)
  return program
}

interface ServeFlags {
  readonly addr?: string
  readonly store?: string
  readonly tlsCert?: string
  readonly tlsKey?: string
  readonly allowOrigin?: string[]
  readonly insecure?: boolean
  readonly demo?: boolean
  readonly keepHistory?: string
  readonly compactEvery?: string
  readonly logLevel?: string
}

function addServe(program: Command, environment: Environment, done: (status: number) => void): void {
  program
    .command('serve')
    .description('run the sync server')
    .option('--addr <address>', `HOST:PORT or :PORT to listen on (env ADDR, default ${DEFAULT_ADDRESS})`)
    .option(
      '--store <url>',
      `sqlite:PATH, leveldb:DIR, postgres://USER@HOST/DATABASE or memory: (env STORE, default ${DEFAULT_STORE})`,
    )
    .option('--tls-cert <file>', 'PEM certificate chain; TLS 1.3 only (env TLS_CERT)')
    .option('--tls-key <file>', 'PEM private key (env TLS_KEY)')
    .option(
      '--allow-origin <origin>',
      'let pages of this origin call; repeatable (env ALLOW_ORIGIN, by commas)',
      collect,
    )
    .option('--insecure', 'listen where others can reach although there are no API keys (env INSECURE=true)')
    .option('--demo', 'serve the sample application at / and write its first list (env DEMO=true)')
    .option(
      '--keep-history <versions>',
      `versions of each document that stay in its log, or all (env KEEP_HISTORY, default ${serviceLimits.historyVersionsMin})`,
    )
    .option(
      '--compact-every <seconds>',
      `fold the history of one document at most so often (env COMPACT_EVERY, default ${serviceLimits.compactionMsMin / 1000})`,
    )
    .option('--log-level <level>', `${logLevels.join(', ')} (env LOG_LEVEL, default info)`)
    .action(async (flags: ServeFlags) => {
      const options = serveOptions(flags, environment)
      const { serve } = await import('./serve.ts')
      done(await serve(options, environment))
    })
}

function serveOptions(flags: ServeFlags, { variables }: Environment): ServeOptions {
  const tlsCert = flags.tlsCert ?? set(variables.TLS_CERT)
  const tlsKey = flags.tlsKey ?? set(variables.TLS_KEY)
  return {
    addr: flags.addr ?? set(variables.ADDR) ?? DEFAULT_ADDRESS,
    store: flags.store ?? set(variables.STORE) ?? DEFAULT_STORE,
    ...(tlsCert !== undefined && { tlsCert }),
    ...(tlsKey !== undefined && { tlsKey }),
    allowOrigin: flags.allowOrigin ?? (set(variables.ALLOW_ORIGIN)?.split(',') ?? []).map((origin) => origin.trim()),
    insecure: flags.insecure ?? truth('INSECURE', variables.INSECURE),
    compaction: compactionPolicy(flags, variables),
    demo: flags.demo ?? truth('DEMO', variables.DEMO),
    logLevel: logLevel(flags.logLevel ?? set(variables.LOG_LEVEL) ?? 'info'),
  }
}

function compactionPolicy(flags: ServeFlags, variables: Environment['variables']): CompactionPolicy {
  const keep = flags.keepHistory ?? set(variables.KEEP_HISTORY)
  const every = flags.compactEvery ?? set(variables.COMPACT_EVERY)
  const keepName = '--keep-history (KEEP_HISTORY)'
  return {
    ...(keep !== undefined && {
      historyVersionsMin: keep === 'all' ? Number.POSITIVE_INFINITY : wholeNumber(keepName, keep),
    }),
    ...(every !== undefined && { compactionMsMin: wholeNumber('--compact-every (COMPACT_EVERY)', every) * 1000 }),
  }
}

function addKeys(program: Command, environment: Environment): void {
  const keys = program.command('keys').description('manage API keys; once there is one, every request needs one')
  const common = (command: Command): Command =>
    command
      .option('--store <url>', `the store of the server (env STORE, default ${DEFAULT_STORE})`)
      .option('--json', 'print JSON', false)
  common(keys.command('create').description('make a key and show it once'))
    .requiredOption('--tenant <id>', 'whose key it is')
    .option('--name <text>', 'what it is for', '')
    .action(async (flags: KeysFlags & { readonly tenant: string; readonly name: string }) => {
      const tenant = text('--tenant', flags.tenant, 1, TENANT_BYTES_MAX)
      const name = text('--name', flags.name, 0, NAME_BYTES_MAX)
      const { createKey } = await import('./keys.ts')
      return createKey({ ...keysOptions(flags, environment), tenant, name }, environment)
    })
  common(keys.command('list').description('list keys, revoked ones included'))
    .option('--tenant <id>', 'only those of this tenant')
    .action(async (flags: KeysFlags & { readonly tenant?: string }) => {
      const { listKeys } = await import('./keys.ts')
      const tenant = flags.tenant !== undefined && { tenant: flags.tenant }
      return listKeys({ ...keysOptions(flags, environment), ...tenant }, environment)
    })
  common(keys.command('revoke').description('make a key useless').argument('<id>', 'as keys list shows it')).action(
    async (id: string, flags: KeysFlags) => {
      const { revokeKey } = await import('./keys.ts')
      return revokeKey({ ...keysOptions(flags, environment), id }, environment)
    },
  )
}

interface KeysFlags {
  readonly store?: string
  readonly json: boolean
}

function keysOptions(flags: KeysFlags, { variables }: Environment): KeysOptions {
  return { store: flags.store ?? set(variables.STORE) ?? DEFAULT_STORE, json: flags.json }
}

/** Arguments are well-formed: Node decodes them. The server takes no other tenants either, so such a key could never be used. */
function text(option: string, value: string, bytesMin: number, bytesMax: number): string {
  const bytes = Buffer.byteLength(value)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it finds.
  if (bytes < bytesMin || bytes > bytesMax || /[\u0000-\u001f\u007f-\u009f]/.test(value)) {
    throw new UsageError(
      `${option} is malformed`,
      `Use ${bytesMin} to ${bytesMax} bytes of text without control characters.`,
    )
  }
  return value
}

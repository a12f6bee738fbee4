/** The options of whatever is a node, and the variables behind them. */
import type { Command } from 'commander'
import type { Environment } from '../environment.ts'
import { UsageError } from '../failure.ts'
import { collect, type LogLevel, logLevel, logLevels, set, truth } from '../options.ts'
import type { PeeringOptions } from './peering.ts'

const DEFAULT_LISTEN = 'tcp://127.0.0.1:7420'
const DEFAULT_CLUSTER = 'joinery'

export interface PeeringFlags {
  readonly name?: string
  readonly region?: string
  readonly cluster?: string
  readonly listen?: string[]
  readonly advertise?: string
  readonly join?: string[]
  readonly key?: string
  readonly nodes?: string
  readonly secret?: string
  readonly sign: boolean
  readonly signers?: string
  readonly store?: string
  readonly logLevel?: string
}

/** What says who may connect, and where. */
export function linkFlags(command: Command): Command {
  return command
    .option('--region <region>', 'nodes of one region prefer each other (env REGION, default "default")')
    .option('--cluster <name>', `nodes of other clusters are refused (env CLUSTER, default ${DEFAULT_CLUSTER})`)
    .option(
      '--listen <address>',
      `tcp://HOST:PORT or ws://HOST:PORT/PATH, one of each at most (env LISTEN, default ${DEFAULT_LISTEN})`,
      collect,
    )
    .option('--advertise <address>', 'where others reach this node, if not where it listens first (env ADVERTISE)')
    .option('--key <file>', 'private key of this node; goes with --nodes (env NODE_KEY)')
    .option('--nodes <file>', 'who may connect: a line each, NAME ed25519:KEY; read again when it changes (env NODES)')
    .option('--secret <file>', 'secret of the cluster: instead of keys, or beside them for digests (env SECRET_FILE)')
    .option(
      '--sign',
      'sign changes, and refuse what is not signed: all nodes of a cluster, or none (env SIGN=true)',
      false,
    )
    .option('--signers <file>', 'whose signatures count, if not those of --nodes; nobody ever leaves it (env SIGNERS)')
    .option('--log-level <level>', `${logLevels.join(', ')} (env LOG_LEVEL, default info)`)
}

export function peeringFlags(command: Command, defaultStore: string): Command {
  return linkFlags(
    command
      .option('--name <name>', 'name of this node, unique in its cluster (env NODE)')
      .option('--join <address>', 'a node to find the others through; repeatable (env JOIN, by commas)', collect)
      .option('--store <url>', `sqlite:PATH, leveldb:DIR or memory: (env STORE, default ${defaultStore})`),
  )
}

export interface NodeOptions extends PeeringOptions {
  readonly join: readonly string[]
  readonly store: string
  readonly logLevel: LogLevel
}

export function nodeOptions(flags: PeeringFlags, { variables }: Environment, defaultStore: string): NodeOptions {
  const name = flags.name ?? set(variables.NODE)
  if (name === undefined) throw new UsageError('a node has a name', 'Give --name, or set NODE.')
  const optional = {
    advertise: flags.advertise ?? set(variables.ADVERTISE),
    key: flags.key ?? set(variables.NODE_KEY),
    nodes: flags.nodes ?? set(variables.NODES),
    secret: flags.secret ?? set(variables.SECRET_FILE),
    signers: flags.signers ?? set(variables.SIGNERS),
  }
  return {
    ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)),
    name,
    sign: flags.sign || truth('SIGN', variables.SIGN),
    region: flags.region ?? set(variables.REGION) ?? 'default',
    cluster: flags.cluster ?? set(variables.CLUSTER) ?? DEFAULT_CLUSTER,
    listen: flags.listen ?? [set(variables.LISTEN) ?? DEFAULT_LISTEN],
    join: flags.join ?? set(variables.JOIN)?.split(',') ?? [],
    store: flags.store ?? set(variables.STORE) ?? defaultStore,
    logLevel: logLevel(flags.logLevel ?? set(variables.LOG_LEVEL) ?? 'info'),
  }
}

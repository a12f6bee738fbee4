/** The options of `joinery node`. */
import type { Command } from 'commander'
import type { Environment } from '../environment.ts'
import { UsageError } from '../failure.ts'
import { collect, logLevel, logLevels, set } from '../options.ts'
import {
  deleteDocument,
  getDocument,
  joinNode,
  leaveCluster,
  listDocuments,
  printMetrics,
  printStatus,
  setDocument,
} from './ask.ts'
import type { StartOptions } from './start.ts'

const DEFAULT_STORE = 'sqlite:joinery-node.sqlite'
const DEFAULT_LISTEN = 'tcp://127.0.0.1:7420'
const DEFAULT_CLUSTER = 'joinery'

export function addNode(program: Command, environment: Environment, done: (status: number) => void): void {
  const node = program.command('node').description('run a node: documents replicated among peers, without a server')
  addKeygen(node, environment)
  addStart(node, environment, done)
  addAsking(node, environment)
}

function addKeygen(node: Command, environment: Environment): void {
  node
    .command('keygen')
    .description('make the key of a node and print its public key, or make the secret of a cluster')
    .option('--key <file>', 'write a new private key to this file')
    .option('--secret <file>', 'write a new secret to this file, for all nodes of a cluster')
    .action(async ({ key, secret }: { readonly key?: string; readonly secret?: string }) => {
      if ((key === undefined) === (secret === undefined)) {
        throw new UsageError('what is to be made?', 'Give --key FILE for a node, or --secret FILE for a cluster.')
      }
      const { generateKey, generateSecret } = await import('./keygen.ts')
      if (key !== undefined) generateKey(key, environment)
      else if (secret !== undefined) generateSecret(secret, environment)
    })
}

interface StartFlags {
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
  readonly control?: string
  readonly logLevel?: string
}

function addStart(node: Command, environment: Environment, done: (status: number) => void): void {
  node
    .command('start')
    .description('run a node until it is stopped')
    .option('--name <name>', 'name of this node, unique in its cluster (env NODE)')
    .option('--region <region>', 'nodes of one region prefer each other (env REGION, default "default")')
    .option('--cluster <name>', `nodes of other clusters are refused (env CLUSTER, default ${DEFAULT_CLUSTER})`)
    .option(
      '--listen <address>',
      `tcp://HOST:PORT or ws://HOST:PORT/PATH, one of each at most (env LISTEN, default ${DEFAULT_LISTEN})`,
      collect,
    )
    .option('--advertise <address>', 'where others reach this node, if not where it listens first (env ADVERTISE)')
    .option('--join <address>', 'a node to find the others through; repeatable (env JOIN, by commas)', collect)
    .option('--key <file>', 'private key of this node; goes with --nodes (env NODE_KEY)')
    .option('--nodes <file>', 'who may connect: a line each, NAME ed25519:KEY; read again when it changes (env NODES)')
    .option('--secret <file>', 'secret of the cluster: instead of keys, or beside them for digests (env SECRET_FILE)')
    .option(
      '--sign',
      'sign changes, and refuse what is not signed: all nodes of a cluster, or none (env SIGN=1)',
      false,
    )
    .option('--signers <file>', 'whose signatures count, if not those of --nodes; nobody ever leaves it (env SIGNERS)')
    .option('--store <url>', `sqlite:PATH, leveldb:DIR or memory: (env STORE, default ${DEFAULT_STORE})`)
    .option('--control <path>', 'the control socket; default: beside the store (env CONTROL)')
    .option('--log-level <level>', `${logLevels.join(', ')} (env LOG_LEVEL, default info)`)
    .action(async (flags: StartFlags) => {
      const options = startOptions(flags, environment)
      const { startCommand } = await import('./start.ts')
      done(await startCommand(options, environment))
    })
}

function startOptions(flags: StartFlags, { variables }: Environment): StartOptions {
  const name = flags.name ?? set(variables.NODE)
  if (name === undefined) throw new UsageError('a node has a name', 'Give --name, or set NODE.')
  const optional = {
    advertise: flags.advertise ?? set(variables.ADVERTISE),
    key: flags.key ?? set(variables.NODE_KEY),
    nodes: flags.nodes ?? set(variables.NODES),
    secret: flags.secret ?? set(variables.SECRET_FILE),
    signers: flags.signers ?? set(variables.SIGNERS),
    control: flags.control ?? set(variables.CONTROL),
  }
  return {
    ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)),
    name,
    sign: flags.sign || set(variables.SIGN) === '1',
    region: flags.region ?? set(variables.REGION) ?? 'default',
    cluster: flags.cluster ?? set(variables.CLUSTER) ?? DEFAULT_CLUSTER,
    listen: flags.listen ?? [set(variables.LISTEN) ?? DEFAULT_LISTEN],
    join: flags.join ?? set(variables.JOIN)?.split(',') ?? [],
    store: flags.store ?? set(variables.STORE) ?? DEFAULT_STORE,
    logLevel: logLevel(flags.logLevel ?? set(variables.LOG_LEVEL) ?? 'info'),
  }
}

interface AskFlags {
  readonly store?: string
  readonly control?: string
  readonly json: boolean
}

function addAsking(node: Command, environment: Environment): void {
  const { variables } = environment
  const asking = (name: string, description: string): Command =>
    node
      .command(name)
      .description(description)
      .option('--store <url>', `the store of the running node (env STORE, default ${DEFAULT_STORE})`)
      .option('--control <path>', 'its control socket, if that is not beside the store (env CONTROL)')
      .option('--json', 'print JSON', false)
  const place = ({ store, control }: AskFlags) => ({
    store: store ?? set(variables.STORE) ?? DEFAULT_STORE,
    control: control ?? set(variables.CONTROL),
  })
  asking('status', 'say who is there and what the node has').action((flags: AskFlags) =>
    printStatus(place(flags), flags.json, environment),
  )
  asking('metrics', 'print metrics in the text format of Prometheus').action((flags: AskFlags) =>
    printMetrics(place(flags), environment),
  )
  asking('join', 'connect the running node to another one')
    .argument('<address>')
    .action((address: string, flags: AskFlags) => joinNode(address, place(flags)))
  asking('leave', 'say goodbye to the others for good, and stop').action((flags: AskFlags) =>
    leaveCluster(place(flags)),
  )
  asking('ls', 'list documents').action((flags: AskFlags) => listDocuments(place(flags), flags.json, environment))
  asking('get', 'print a document')
    .argument('<document>')
    .action((document: string, flags: AskFlags) => getDocument(document, place(flags), flags.json, environment))
  asking('set', 'change a document, or begin it; all operations are one change')
    .argument('<document>')
    .argument('<operation...>', `JSON such as '{"path":["title"],"of":"lww","set":"Hello"}': see docs/HTTP-API.md`)
    .option('--replicated', 'wait until another node has it, too', false)
    .action((document: string, operations: string[], flags: AskFlags & { readonly replicated: boolean }) =>
      setDocument({ document, operations, replicated: flags.replicated }, place(flags)),
    )
  asking('rm', 'delete a document, everywhere')
    .argument('<document>')
    .action((document: string, flags: AskFlags) => deleteDocument(document, place(flags)))
}

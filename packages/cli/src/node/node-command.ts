/** The options of `joinery node`. */
import type { Command } from 'commander'
import type { Environment } from '../environment.ts'
import { UsageError } from '../failure.ts'
import { set } from '../options.ts'
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
import { nodeOptions, type PeeringFlags, peeringFlags } from './peering-flags.ts'

const DEFAULT_STORE = 'sqlite:joinery-node.sqlite'

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

function addStart(node: Command, environment: Environment, done: (status: number) => void): void {
  peeringFlags(node.command('start').description('run a node until it is stopped'), DEFAULT_STORE)
    .option('--control <path>', 'the control socket; default: beside the store (env CONTROL)')
    .action(async (flags: PeeringFlags & { readonly control?: string }) => {
      const control = flags.control ?? set(environment.variables.CONTROL)
      const options = nodeOptions(flags, environment, DEFAULT_STORE)
      const { startCommand } = await import('./start.ts')
      done(await startCommand({ ...options, ...(control !== undefined && { control }) }, environment))
    })
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

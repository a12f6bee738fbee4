/** The options of `joinery cluster`. */
import type { Command } from 'commander'
import type { Environment } from '../environment.ts'
import { nodeOptions, type PeeringFlags, peeringFlags } from '../node/peering-flags.ts'
import { collect, set, truth, wholeNumber } from '../options.ts'
import type { Shown, VmsFilter } from './ask.ts'
import type { ClusterStartOptions } from './start.ts'

const DEFAULT_STORE = 'sqlite:joinery-cluster.sqlite'
const DEFAULT_ADDRESS = ':8090'
const DEFAULT_URL = 'http://127.0.0.1:8090'

export function addCluster(program: Command, environment: Environment, done: (status: number) => void): void {
  const cluster = program
    .command('cluster')
    .description('metadata of virtual machines and nodes, written in every region')
  addStart(cluster, environment, done)
  addAsking(cluster, environment)
  addInventory(cluster, environment, done)
  addDemo(cluster, environment, done)
}

interface StartFlags extends PeeringFlags {
  readonly addr?: string
  readonly tlsCert?: string
  readonly tlsKey?: string
  readonly allowOrigin?: string[]
  readonly insecure?: boolean
  readonly antiEntropyInterval?: string
  readonly gossipFanout?: string
  readonly heartbeat?: string
}

function addStart(cluster: Command, environment: Environment, done: (status: number) => void): void {
  peeringFlags(cluster.command('start').description('run a node of a cluster until it is stopped'), DEFAULT_STORE)
    .option('--addr <address>', `HOST:PORT or :PORT of the HTTP API (env ADDR, default ${DEFAULT_ADDRESS})`)
    .option('--tls-cert <file>', 'PEM certificate chain of the HTTP API; TLS 1.3 only (env TLS_CERT)')
    .option('--tls-key <file>', 'PEM private key (env TLS_KEY)')
    .option('--allow-origin <origin>', 'let pages of this origin call; repeatable (env ALLOW_ORIGIN)', collect)
    .option('--insecure', 'answer where others can reach although there are no API keys (env INSECURE=true)')
    .option('--anti-entropy-interval <ms>', 'the longest time between two comparisons with others (default 30000)')
    .option('--gossip-fanout <count>', 'nodes that are told of what is new at once (default 3)')
    .option('--heartbeat <ms>', 'how often the node tells how busy it is (default 5000)')
    .action(async (flags: StartFlags) => {
      const options = startOptions(flags, environment)
      const { startClusterCommand } = await import('./start.ts')
      done(await startClusterCommand(options, environment))
    })
}

function startOptions(flags: StartFlags, environment: Environment): ClusterStartOptions {
  const { variables } = environment
  const tlsCert = flags.tlsCert ?? set(variables.TLS_CERT)
  const tlsKey = flags.tlsKey ?? set(variables.TLS_KEY)
  const number = (option: string, value: string | undefined) => value !== undefined && wholeNumber(option, value)
  const antiEntropyInterval = number('--anti-entropy-interval', flags.antiEntropyInterval)
  const gossipFanout = number('--gossip-fanout', flags.gossipFanout)
  const heartbeatMs = number('--heartbeat', flags.heartbeat)
  return {
    ...nodeOptions(flags, environment, DEFAULT_STORE),
    addr: flags.addr ?? set(variables.ADDR) ?? DEFAULT_ADDRESS,
    ...(tlsCert !== undefined && { tlsCert }),
    ...(tlsKey !== undefined && { tlsKey }),
    allowOrigin: flags.allowOrigin ?? (set(variables.ALLOW_ORIGIN)?.split(',') ?? []).map((origin) => origin.trim()),
    insecure: flags.insecure ?? truth('INSECURE', variables.INSECURE),
    ...(antiEntropyInterval !== false && { antiEntropyInterval }),
    ...(gossipFanout !== false && { gossipFanout }),
    ...(heartbeatMs !== false && { heartbeatMs }),
  }
}

interface AskFlags {
  readonly url?: string
  readonly json: boolean
}

function asking(command: Command): Command {
  return command
    .option('--url <url>', `the HTTP API of a node (env CLUSTER_URL, default ${DEFAULT_URL}; env API_KEY)`)
    .option('--json', 'print JSON', false)
}

function shownBy({ variables }: Environment): (flags: AskFlags) => Shown {
  return ({ url, json }) => ({
    url: url ?? set(variables.CLUSTER_URL) ?? DEFAULT_URL,
    key: set(variables.API_KEY),
    advice: 'Start a node by joinery cluster start, or give --url.',
    json,
  })
}

function addAsking(cluster: Command, environment: Environment): void {
  const shown = shownBy(environment)
  const command = (name: string, description: string): Command => asking(cluster.command(name).description(description))
  command('join', 'connect the node to another one')
    .argument('<address>')
    .action(async (address: string, flags: AskFlags) => (await import('./ask.ts')).joinCluster(address, shown(flags)))
  command('members', 'say who is there').action(async (flags: AskFlags) =>
    (await import('./ask.ts')).printMembers(shown(flags), environment),
  )
  command('vms', 'list virtual machines')
    .option('--region <region>', 'in this region')
    .option('--status <status>', 'in this state')
    .option('--node <node>', 'on this node')
    .option('--prefix <text>', 'whose names begin so')
    .action(async ({ url, json, ...filter }: AskFlags & VmsFilter) =>
      (await import('./ask.ts')).printVms(shown({ json, ...(url !== undefined && { url }) }), filter, environment),
    )
  command('vm', 'show a virtual machine and who wrote what of it')
    .argument('<vm>')
    .action(async (vm: string, flags: AskFlags) => (await import('./ask.ts')).printVm(vm, shown(flags), environment))
  command('nodes', 'list nodes').action(async (flags: AskFlags) =>
    (await import('./ask.ts')).printNodes(shown(flags), environment),
  )
  command('conflicts', 'list fields that several wrote at once, and what became of them').action(
    async (flags: AskFlags) => (await import('./ask.ts')).printConflicts(shown(flags), environment),
  )
  command('stats', 'say how the cluster is doing, as the node sees it').action(async (flags: AskFlags) =>
    (await import('./ask.ts')).printStats(shown(flags), environment),
  )
  command('watch', 'print what changes, as it does').action(async (flags: AskFlags) =>
    (await import('./ask.ts')).watchCluster(shown(flags), environment),
  )
}

function addInventory(cluster: Command, environment: Environment, done: (status: number) => void): void {
  const shown = shownBy(environment)
  asking(cluster.command('import').description('write an inventory: a JSON object with an id per line'))
    .argument('<file>', 'or - for the standard input')
    .action(async (file: string, flags: AskFlags) =>
      (await import('./ask.ts')).importInventory(file, shown(flags), environment),
    )
  asking(
    cluster.command('compare').description('shadow mode: compare the inventory of another system with the cluster'),
  )
    .argument('<file>', 'or - for the standard input')
    .option('--mirror', 'write here what differs, as the other system has it', false)
    .action(async (file: string, flags: AskFlags & { readonly mirror: boolean }) => {
      const { compareInventory } = await import('./ask.ts')
      done(await compareInventory(file, { mirror: flags.mirror }, shown(flags), environment))
    })
}

function addDemo(cluster: Command, environment: Environment, done: (status: number) => void): void {
  cluster
    .command('demo')
    .description('start a cluster of processes on this machine, cut a region off and heal it')
    .option('--regions <count>', 'with a node each', '3')
    .option('--vms <count>', 'virtual machines', '1000')
    .action(async (flags: { readonly regions: string; readonly vms: string }) => {
      const { demo } = await import('./demo.ts')
      const regions = wholeNumber('--regions', flags.regions)
      done(await demo({ regions, vms: wholeNumber('--vms', flags.vms) }, environment))
    })
}

/** The options of `joinery catalog`. */
import type { Command } from 'commander'
import type { Environment } from '../environment.ts'
import { UsageError } from '../failure.ts'
import { linkFlags, nodeOptions, type PeeringFlags } from '../node/peering-flags.ts'
import { collect, set, truth } from '../options.ts'
import type { Query, Shown } from './ask.ts'
import type { CatalogServeOptions } from './serve.ts'

const DEFAULT_ADDRESS = ':8080'
const DEFAULT_DATA = 'joinery-catalog'
const DEFAULT_PEER = 'http://127.0.0.1:8080'

export function addCatalog(program: Command, environment: Environment, done: (status: number) => void): void {
  const catalog = program.command('catalog').description('one catalog of snapshots and images, written on every node')
  addServe(catalog, environment, done)
  addAsking(catalog, environment)
  addBetween(catalog, environment, done)
  catalog
    .command('example')
    .description('tell the story of two nodes that write the same field at the same time')
    .action(async () => (await import('./example.ts')).example(environment))
}

interface ServeFlags extends Omit<PeeringFlags, 'name' | 'join'> {
  readonly addr?: string
  readonly data?: string
  readonly nodeId?: string
  readonly peers?: string[]
  readonly rebuild?: boolean
  readonly index?: string[]
  readonly tlsCert?: string
  readonly tlsKey?: string
  readonly allowOrigin?: string[]
  readonly insecure?: boolean
}

function addServe(catalog: Command, environment: Environment, done: (status: number) => void): void {
  const serve = catalog
    .command('serve')
    .description('run a node of the catalog until it is stopped')
    .option('--addr <address>', `HOST:PORT or :PORT of the HTTP API (env ADDR, default ${DEFAULT_ADDRESS})`)
    .option('--data <dir>', `directory of the data, a LevelDB (env DATA, default ${DEFAULT_DATA})`)
    .option('--store <url>', 'sqlite:PATH or memory: instead of --data (env STORE)')
    .option('--node-id <name>', 'name of this node, unique among its peers (env NODE)')
    .option('--peers <address>', 'other nodes: tcp://HOST:PORT, by commas or repeated (env PEERS)', collect)
    .option('--rebuild', 'put data aside that cannot be read, and fetch everything from --peers')
    .option('--index <field>', 'index this field of metadata, instead of the usual ones; repeatable', collect)
    .option('--tls-cert <file>', 'PEM certificate chain of the HTTP API; TLS 1.3 only (env TLS_CERT)')
    .option('--tls-key <file>', 'PEM private key (env TLS_KEY)')
    .option('--allow-origin <origin>', 'let pages of this origin call; repeatable (env ALLOW_ORIGIN)', collect)
    .option('--insecure', 'answer where others can reach although there are no API keys (env INSECURE=true)')
  linkFlags(serve).action(async (flags: ServeFlags) => {
    const options = serveOptions(flags, environment)
    const { serveCatalogCommand } = await import('./serve.ts')
    done(await serveCatalogCommand(options, environment))
  })
}

function serveOptions(flags: ServeFlags, environment: Environment): CatalogServeOptions {
  const { variables } = environment
  const name = flags.nodeId ?? set(variables.NODE)
  if (name === undefined) throw new UsageError('a node has a name', 'Give --node-id, or set NODE.')
  const tlsCert = flags.tlsCert ?? set(variables.TLS_CERT)
  const tlsKey = flags.tlsKey ?? set(variables.TLS_KEY)
  const { addr, index, data: _data, peers, ...shared } = flags
  const join = listed(peers ?? [set(variables.PEERS) ?? ''])
  return {
    ...nodeOptions({ ...shared, name, join, store: storeOf(flags, variables) }, environment, DEFAULT_DATA),
    addr: addr ?? set(variables.ADDR) ?? DEFAULT_ADDRESS,
    rebuild: flags.rebuild ?? false,
    indexed: index,
    ...(tlsCert !== undefined && { tlsCert }),
    ...(tlsKey !== undefined && { tlsKey }),
    allowOrigin: listed(flags.allowOrigin ?? [set(variables.ALLOW_ORIGIN) ?? '']),
    insecure: flags.insecure ?? truth('INSECURE', variables.INSECURE),
  }
}

function storeOf({ data, store }: ServeFlags, variables: Environment['variables']): string {
  if (data !== undefined && store !== undefined) {
    throw new UsageError('--data and --store both say where the data is', 'Give one of them.')
  }
  if (data !== undefined) return `leveldb:${data}`
  return store ?? set(variables.STORE) ?? `leveldb:${set(variables.DATA) ?? DEFAULT_DATA}`
}

function listed(values: readonly string[]): string[] {
  return values
    .flatMap((value) => value.split(','))
    .map((value) => value.trim())
    .filter((value) => value !== '')
}

interface AskFlags {
  readonly peer?: string
  readonly apiKey?: string
  readonly json: boolean
}

function asking(command: Command): Command {
  return command
    .option('--peer <url>', `HTTP API of a node (env CATALOG_URL, default ${DEFAULT_PEER})`)
    .option('--api-key <key>', 'an API key, where there are any (env API_KEY)')
    .option('--json', 'print JSON', false)
}

function shownBy({ variables }: Environment): (flags: AskFlags) => Shown {
  return ({ peer, apiKey, json }) => ({
    url: peer ?? set(variables.CATALOG_URL) ?? DEFAULT_PEER,
    key: apiKey ?? set(variables.API_KEY),
    advice: 'Start a node by joinery catalog serve, or give --peer.',
    json,
  })
}

function addAsking(catalog: Command, environment: Environment): void {
  const shown = shownBy(environment)
  asking(catalog.command('ls').description('list entries'))
    .argument('[type]', 'snapshots or images; both if left out')
    .action(async (type: string | undefined, flags: AskFlags) =>
      (await import('./ask.ts')).printEntries({ type }, shown(flags), environment),
    )
  asking(catalog.command('query').description('find entries: docs/CATALOG.md has the language'))
    .argument('<query>')
    .option('--type <type>', 'snapshots or images')
    .option('--sort <field>', 'a field, or id; with a minus the other way round')
    .option('--fields <names>', 'fields of metadata to print, by commas')
    .action(async (q: string, { type, sort, fields, ...flags }: AskFlags & Omit<Query, 'q'>) =>
      (await import('./ask.ts')).printEntries({ q, type, sort, fields }, shown(flags), environment),
    )
  asking(catalog.command('get').description('print an entry'))
    .argument('<entry>', 'snapshots/ID or images/ID')
    .option('--explain', 'say which writes won, and over which', false)
    .action(async (entry: string, { explain, ...flags }: AskFlags & { readonly explain: boolean }) =>
      (await import('./ask.ts')).printEntry(entry, { ...shown(flags), explain }, environment),
    )
  asking(catalog.command('add').description('add an entry, or join metadata to the one that is there'))
    .argument('<entry>', 'snapshots/ID or images/ID')
    .argument('[metadata]', 'a JSON object', '{}')
    .action(async (entry: string, metadata: string, flags: AskFlags) =>
      (await import('./ask.ts')).addEntry(entry, metadata, shown(flags)),
    )
  asking(catalog.command('rm').description('remove an entry'))
    .argument('<entry>', 'snapshots/ID or images/ID')
    .action(async (entry: string, flags: AskFlags) => (await import('./ask.ts')).removeEntry(entry, shown(flags)))
}

function addBetween(catalog: Command, environment: Environment, done: (status: number) => void): void {
  const shown = shownBy(environment)
  asking(catalog.command('sync').description('carry deltas between two nodes, both ways, until they have the same'))
    .argument('<other>', 'HTTP API of the other node')
    .action(async (other: string, flags: AskFlags) =>
      (await import('./ask.ts')).syncNodes({ ...shown(flags), other }, environment),
    )
  asking(catalog.command('verify').description('compare two nodes entry by entry; fails where they differ'))
    .argument('<other>', 'HTTP API of the other node')
    .action(async (other: string, flags: AskFlags) =>
      done(await (await import('./ask.ts')).verifyNodes({ ...shown(flags), other }, environment)),
    )
}

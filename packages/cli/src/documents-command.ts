/** The options of `joinery docs`. */
import type { Command } from 'commander'
import { diffDocument, getDocument, listDocuments, type ServerOptions, tailDocument } from './documents.ts'
import type { Environment } from './environment.ts'
import { UsageError } from './failure.ts'

const DEFAULT_URL = 'http://127.0.0.1:8080'

interface Flags {
  readonly url?: string
  readonly tenant?: string
  readonly json: boolean
}

export function addDocuments(program: Command, environment: Environment): void {
  const docs = program.command('docs').description('look into the documents of a running server')
  const common = (command: Command): Command =>
    command
      .option(
        '--url <url>',
        `where the server is (env JOINERY_URL, default ${DEFAULT_URL}); a key comes from JOINERY_API_KEY`,
      )
      .option('--tenant <id>', 'whose documents (env TENANT)')
      .option('--json', 'print JSON lines', false)
  common(docs.command('ls').description('list documents').argument('[prefix]', 'only ids that begin so', '')).action(
    (prefix: string, flags: Flags) => listDocuments(prefix, optionsOf(flags, environment), environment),
  )
  common(docs.command('get').description('print a document').argument('<id>')).action((id: string, flags: Flags) =>
    getDocument(id, optionsOf(flags, environment), environment),
  )
  common(docs.command('diff').description('print what was done between two versions').argument('<id>'))
    .option('--from <version>', 'after this version', '0')
    .option('--to <version>', 'up to this version, by default the last')
    .action((id: string, flags: Flags & { readonly from: string; readonly to?: string }) => {
      const range = {
        from: version(flags.from),
        to: flags.to === undefined ? Number.MAX_SAFE_INTEGER : version(flags.to),
      }
      return diffDocument(id, range, optionsOf(flags, environment), environment)
    })
  common(docs.command('tail').description('print what is done to a document as it is done').argument('<id>')).action(
    (id: string, flags: Flags) => tailDocument(id, optionsOf(flags, environment), environment),
  )
}

function optionsOf(flags: Flags, { variables }: Environment): ServerOptions {
  const url = flags.url ?? variables.JOINERY_URL ?? DEFAULT_URL
  const tenant = flags.tenant ?? variables.TENANT ?? ''
  if (tenant === '') throw new UsageError('whose documents?', 'Give --tenant, or set TENANT.')
  if (!/^https?:\/\//.test(url) || !URL.canParse(url)) {
    throw new UsageError(
      `${JSON.stringify(url)} is not the address of a server`,
      'Use one such as http://127.0.0.1:8080.',
    )
  }
  return { url, tenant, apiKey: variables.JOINERY_API_KEY, json: flags.json }
}

function version(text: string): number {
  if (!/^\d{1,15}$/.test(text))
    throw new UsageError(`${JSON.stringify(text)} is not a version`, 'Versions are numbers from 0 on.')
  return Number(text)
}

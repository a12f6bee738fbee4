#!/usr/bin/env node
// A to-do list in the terminal that works offline. `node todo.mjs --help` tells the rest.
import { parseArgs } from 'node:util'
import { ClientError } from '@joinery/client/http'
import { commands, runCommand } from './lib/commands.mjs'
import { runScenario } from './lib/scenario.mjs'
import { spawnServer } from './lib/server.mjs'

const help = `A to-do list that works offline.

  node todo.mjs [URL] [--spawn]         the story of two devices: both edit offline, both sync, both are equal
  node todo.mjs COMMAND --node NAME     your own list, as the device NAME

Commands
  add TITLE          a new item
  done N             check item N of the list, or uncheck it
  rename N TITLE     give item N another title
  rm N               remove item N
  list               show the list as this device has it; needs no server
  sync               send what was done here, fetch what others did

Edits need no server: they wait in the device's own directory until you sync. Try it with two names in two terminals.

Options
  --url URL          the server; default $JOINERY_URL or http://127.0.0.1:8080
  --spawn            start a server of its own on a free port and stop it at the end
  --node NAME        the device; default "phone"
  --list NAME        which list; default "groceries"
  --dir PATH         where devices keep their data; default .joinery/todo
  --api-key KEY      default $JOINERY_API_KEY
`

/** @returns {Promise<number>} the exit code */
async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      url: { type: 'string' },
      spawn: { type: 'boolean', default: false },
      node: { type: 'string', default: 'phone' },
      list: { type: 'string', default: 'groceries' },
      dir: { type: 'string', default: '.joinery/todo' },
      'api-key': { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) {
    process.stdout.write(help)
    return 0
  }
  const [first, ...rest] = positionals
  const isCommand = first !== undefined && commands.includes(first)
  if (first !== undefined && !isCommand && !/^https?:/.test(first)) {
    process.stderr.write(`There is no command "${first}".\n\n${help}`)
    return 2
  }
  const given = values.url ?? (isCommand ? undefined : first) ?? process.env.JOINERY_URL
  const server = values.spawn ? await spawnServer() : undefined
  const url = server?.url ?? given ?? 'http://127.0.0.1:8080'
  const apiKey = values['api-key'] ?? process.env.JOINERY_API_KEY
  const { node, list, dir } = values
  try {
    if (isCommand) return await runCommand(first, rest, { url, apiKey, node, list, dir })
    return await runScenario({ url, apiKey, note: server?.note })
  } finally {
    await server?.stop()
  }
}

try {
  process.exitCode = await main()
} catch (error) {
  if (
    !(error instanceof ClientError) &&
    error?.code !== 'ERR_PARSE_ARGS_UNKNOWN_OPTION' &&
    error?.name !== 'UsageError'
  ) {
    throw error
  }
  const advice = error.code === 'CLIENT_OFFLINE' ? 'Start one with "make dev", or add --spawn.' : error.advice
  process.stderr.write(`${error.message}\n${advice ?? 'See --help.'}\n`)
  process.exitCode = 2
}

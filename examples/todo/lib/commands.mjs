// The list by hand: one command, one run. Edits go to the device's queue; only `sync` talks to the server.
import { join } from 'node:path'
import { fileQueue } from '@joinery/client/file-queue'
import { createHttpClient } from '@joinery/client/http'
import { dim, numbered } from './terminal.mjs'
import { TodoList } from './todo-list.mjs'

export const commands = ['add', 'done', 'rename', 'rm', 'list', 'sync']

class UsageError extends Error {
  name = 'UsageError'
}

/**
 * @param {string} command
 * @param {string[]} args
 * @param {{ url: string, apiKey?: string, node: string, list: string, dir: string }} options
 * @returns {Promise<number>} the exit code
 */
export async function runCommand(command, args, { url, apiKey, node, list, dir }) {
  const client = await createHttpClient({
    url,
    tenant: 'todo',
    nodeId: node,
    ...(apiKey === undefined ? {} : { apiKey }),
    queue: fileQueue({ directory: join(dir, encodeURIComponent(node)) }),
    autoSend: false,
  })
  try {
    const todos = new TodoList(client, list)
    const note = await run(command, args, todos)
    process.stdout.write(`${node}: ${list}${note === '' ? '' : ` - ${note}`}\n${numbered(todos.items())}`)
    const { pending } = todos
    if (pending > 0) process.stdout.write(dim(`${pending} ${pending === 1 ? 'edit waits' : 'edits wait'} for "sync"\n`))
    for (const { handle, problem } of client.refused.list()) {
      process.stdout.write(`refused ${handle}: ${problem.code}, ${problem.detail ?? ''}\n`)
    }
    return 0
  } finally {
    await client.close()
  }
}

/** @param {TodoList} todos @returns {Promise<string>} what happened */
async function run(command, args, todos) {
  switch (command) {
    case 'add': {
      const title = text(args, 'add TITLE')
      await todos.add(title)
      return `added "${title}"`
    }
    case 'done': {
      const { id, title, done } = pick(args, todos)
      await todos.check(id, !done)
      return `${done ? 'unchecked' : 'checked'} "${title}"`
    }
    case 'rename': {
      const { id, title } = pick(args, todos)
      const renamed = text(args.slice(1), 'rename N TITLE')
      await todos.rename(id, renamed)
      return `"${title}" is now "${renamed}"`
    }
    case 'rm': {
      const { id, title } = pick(args, todos)
      await todos.remove(id)
      return `removed "${title}"`
    }
    case 'sync': {
      const { version, news } = await sync(todos)
      return `at version ${version}, ${news} operations by others`
    }
    default:
      return ''
  }
}

async function sync(todos) {
  try {
    return await todos.sync()
  } catch (error) {
    // Nobody has added anything yet, here or elsewhere.
    if (error.problem?.code === 'NOT_FOUND') return { version: 0, news: 0 }
    throw error
  }
}

function text(args, usage) {
  const title = args.join(' ').trim()
  if (title === '') throw new UsageError(`usage: ${usage}`)
  return title
}

/** @param {TodoList} todos */
function pick([number], todos) {
  const item = todos.items()[Number(number) - 1]
  if (item === undefined) throw new UsageError(`there is no item ${number ?? ''} in the list`)
  return item
}

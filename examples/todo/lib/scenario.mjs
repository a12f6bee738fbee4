// The story: two devices lose the server, edit the same list, one of them restarts, both come back, both are equal.
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileQueue } from '@joinery/client/file-queue'
import { createHttpClient, systemFetch } from '@joinery/client/http'
import { bold, dim, sideBySide } from './terminal.mjs'
import { TodoList } from './todo-list.mjs'

/** A device: a client with its own queue on disk, and a switch for airplane mode. */
class Device {
  /** @param {{ name: string, directory: string, url: string, apiKey?: string, list: string }} options */
  constructor(options) {
    this.name = options.name
    this.online = true
    this.options = options
  }

  async start() {
    const { name, directory, url, apiKey, list } = this.options
    this.client = await createHttpClient({
      url,
      tenant: 'todo',
      nodeId: name,
      ...(apiKey === undefined ? {} : { apiKey }),
      queue: fileQueue({ directory: join(directory, name) }),
      // In airplane mode every request fails as it would without a network.
      fetch: (...request) => (this.online ? systemFetch(...request) : Promise.reject(new TypeError('airplane mode'))),
    })
    this.todos = new TodoList(this.client, list)
  }

  find(title) {
    const item = this.todos.items().find((one) => one.title === title)
    if (item === undefined) throw new Error(`${this.name} has no item "${title}"`)
    return item.id
  }

  get column() {
    return { name: this.name, items: this.todos.items() }
  }
}

/** @param {{ url: string, apiKey?: string, note?: string }} options @returns {Promise<number>} the exit code */
export async function runScenario({ url, apiKey, note }) {
  const directory = mkdtempSync(join(tmpdir(), 'joinery-todo-'))
  const list = `groceries-${randomBytes(3).toString('hex')}`
  const [phone, laptop] = ['phone', 'laptop'].map((name) => new Device({ name, directory, url, apiKey, list }))
  try {
    say(`Server  ${url}${note === undefined ? '' : `  (${note})`}`)
    say(`List    ${list}`)
    await phone.start()
    await laptop.start()
    await together(phone, laptop)
    await apart(phone, laptop)
    await restart(phone)
    return await backOnline(phone, laptop)
  } finally {
    await phone.client?.close()
    await laptop.client?.close()
    rmSync(directory, { recursive: true, force: true })
  }
}

async function together(phone, laptop) {
  heading('1. Online: the phone writes a list, the laptop fetches it')
  for (const title of ['Milk', 'Bread', 'Call Ada']) await phone.todos.add(title)
  await phone.todos.sync()
  await laptop.todos.sync()
  process.stdout.write(sideBySide(phone.column, laptop.column))
}

async function apart(phone, laptop) {
  heading('2. Both offline: each edits what it has')
  phone.online = false
  laptop.online = false
  await does(phone, 'renames Milk to Oat milk', ({ todos }) => todos.rename(phone.find('Milk'), 'Oat milk'))
  await does(phone, 'removes Bread', ({ todos }) => todos.remove(phone.find('Bread')))
  await does(phone, 'removes Call Ada', ({ todos }) => todos.remove(phone.find('Call Ada')))
  await does(phone, 'adds Eggs', ({ todos }) => todos.add('Eggs'))
  await does(laptop, 'checks Milk', ({ todos }) => todos.check(laptop.find('Milk'), true))
  await does(laptop, 'renames Bread to Rye bread', ({ todos }) => todos.rename(laptop.find('Bread'), 'Rye bread'))
  await does(laptop, 'adds Coffee', ({ todos }) => todos.add('Coffee'))
  await does(laptop, 'adds Stamps', ({ todos }) => todos.add('Stamps'))
  await does(laptop, 'removes Stamps again', ({ todos }) => todos.remove(laptop.find('Stamps')))
  process.stdout.write(sideBySide(phone.column, laptop.column))
}

async function restart(phone) {
  heading('3. The phone restarts, still offline')
  await phone.client.close()
  await phone.start()
  say(`    ${phone.todos.items().length} items and ${phone.todos.pending} edits are still there`)
  await does(phone, 'adds Tea', ({ todos }) => todos.add('Tea'))
}

async function backOnline(phone, laptop) {
  heading('4. Both online again: both sync')
  for (const device of [phone, laptop]) {
    const edits = device.todos.pending
    device.online = true
    await device.todos.sync()
    say(`    ${device.name} sent ${edits} edits`)
  }
  const { version } = await phone.todos.sync()
  process.stdout.write(sideBySide(phone.column, laptop.column))
  say(
    dim('    Milk was renamed here and checked there: both hold. Bread was removed here and renamed there: the rename'),
  )
  say(dim('    brings it back. Nobody touched Call Ada meanwhile: it is gone.'))
  return verdict(phone, laptop, version)
}

function verdict(phone, laptop, version) {
  const [left, right] = [phone, laptop].map(({ todos }) => JSON.stringify(todos.items()))
  const unsent = phone.client.status.pending + laptop.client.status.pending
  const refused = phone.client.status.refused + laptop.client.status.refused
  const isEqual = left === right && unsent === 0 && refused === 0
  const text = `version ${version}, ${unsent} edits unsent, ${refused} refused`
  say('')
  say(isEqual ? bold(`The lists are equal (${text}).`) : bold(`THE LISTS DIFFER (${text}).`))
  return isEqual ? 0 : 1
}

async function does(device, what, edit) {
  await edit(device)
  say(`    ${device.name} ${what}`)
}

function heading(text) {
  say(`\n${bold(text)}`)
}

function say(text) {
  process.stdout.write(`${text}\n`)
}

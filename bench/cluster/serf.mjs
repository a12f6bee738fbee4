/** Serf agents of Debian on loopback, and as much of their RPC (MessagePack over TCP) as it takes to send and hear user events. */
import { spawn } from 'node:child_process'
import { connect } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

/** Answers undefined where there is no serf. */
export async function serfVersion() {
  return await new Promise((resolve) => {
    const child = spawn('serf', ['version'])
    let text = ''
    child.stdout?.on('data', (chunk) => {
      text += chunk
    })
    child.once('error', () => resolve(undefined))
    child.once('close', () => resolve(/v?(\d+\.\d+\.\d+\S*)/.exec(text)?.[1]))
  })
}

/** Sends so many events to the first of so many agents; answers how many each has heard in the end, and when nothing came any more. */
export async function serfBurst({ agents, events, quietMs, portsFrom }) {
  const children = []
  try {
    for (let i = 0; i < agents; i += 1) {
      const args = [`-node=n${i}`, `-bind=127.0.0.1:${portsFrom + i}`, `-rpc-addr=127.0.0.1:${portsFrom + 100 + i}`]
      const join = i === 0 ? [] : [`-retry-join=127.0.0.1:${portsFrom}`]
      const child = spawn('serf', ['agent', ...args, '-profile=local', '-log-level=err', ...join], { stdio: 'ignore' })
      children.push(child)
      await delay(500)
    }
    await delay(2_000)
    const ends = await Promise.all(children.map((_, i) => dial(portsFrom + 100 + i)))
    for (const end of ends) await end.call('handshake', { Version: 1 })
    const heard = ends.map(() => new Set())
    let lastMs = performance.now()
    for (const [i, end] of ends.entries()) {
      await end.stream((event) => {
        heard[i].add(event.Name)
        lastMs = performance.now()
      })
    }
    const sinceMs = performance.now()
    const sent = []
    for (let n = 0; n < events; n += 1)
      sent.push(ends[0].call('event', { Name: `e${n}`, Payload: `${n}`, Coalesce: false }))
    await Promise.all(sent)
    const acceptedMs = performance.now() - sinceMs
    while (performance.now() - lastMs < quietMs && heard.some((set) => set.size < events)) await delay(50)
    for (const end of ends) end.close()
    return { heard: heard.map((set) => set.size), acceptedMs, allMs: lastMs - sinceMs }
  } finally {
    for (const child of children) child.kill('SIGKILL')
  }
}

async function dial(port) {
  const socket = connect(port, '127.0.0.1')
  await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject))
  const waiting = new Map()
  const streams = new Map()
  let last = 0
  let bytes = Buffer.alloc(0)
  let header
  socket.on('data', (chunk) => {
    bytes = Buffer.concat([bytes, chunk])
    for (;;) {
      const read = decode(bytes, 0)
      if (read === undefined) return
      bytes = bytes.subarray(read.next)
      take(read.value)
    }
  })
  const take = (value) => {
    if (header !== undefined) {
      streams.get(header.Seq)?.(value)
      header = undefined
      return
    }
    const resolve = waiting.get(value.Seq)
    if (resolve !== undefined) {
      waiting.delete(value.Seq)
      resolve(value)
    } else if (streams.has(value.Seq)) header = value
  }
  const call = (command, body) => {
    last += 1
    const seq = last
    socket.write(Buffer.concat([encode({ Command: command, Seq: seq }), encode(body)]))
    return new Promise((resolve) => waiting.set(seq, resolve))
  }
  return {
    call,
    async stream(onEvent) {
      const asked = call('stream', { Type: 'user' })
      streams.set(last, onEvent)
      await asked
    },
    close: () => socket.destroy(),
  }
}

/** Maps of short texts, numbers and booleans: what is asked of an agent. */
function encode(value) {
  if (typeof value === 'boolean') return Buffer.from([value ? 0xc3 : 0xc2])
  if (typeof value === 'number') {
    if (value < 128) return Buffer.from([value])
    const bytes = Buffer.alloc(5)
    bytes[0] = 0xce
    bytes.writeUInt32BE(value, 1)
    return bytes
  }
  if (typeof value === 'string') {
    const text = Buffer.from(value)
    return Buffer.concat([Buffer.from([0xd9, text.length]), text])
  }
  const entries = Object.entries(value)
  return Buffer.concat([Buffer.from([0x80 | entries.length]), ...entries.flatMap(([k, v]) => [encode(k), encode(v)])])
}

/** Undefined where there is not all of it yet. */
function decode(bytes, at) {
  if (at >= bytes.length) return undefined
  const kind = bytes[at]
  const text = (length, from) =>
    from + length <= bytes.length
      ? { value: bytes.toString('utf8', from, from + length), next: from + length }
      : undefined
  if (kind < 0x80) return { value: kind, next: at + 1 }
  if (kind >= 0xe0) return { value: kind - 256, next: at + 1 }
  if (kind <= 0x8f) return decodeMap(bytes, at + 1, kind & 15)
  if (kind >= 0xa0 && kind <= 0xbf) return text(kind & 31, at + 1)
  if (kind === 0xc0) return { value: null, next: at + 1 }
  if (kind === 0xc2 || kind === 0xc3) return { value: kind === 0xc3, next: at + 1 }
  const sized = { 217: 1, 196: 1, 218: 2, 197: 2, 204: 1, 205: 2, 206: 4, 207: 8 }[kind]
  if (sized === undefined) throw new Error(`MessagePack kind ${kind} is not read here`)
  if (at + 1 + sized > bytes.length) return undefined
  const number = sized === 8 ? Number(bytes.readBigUInt64BE(at + 1)) : bytes.readUIntBE(at + 1, sized)
  return kind >= 0xcc && kind <= 0xcf ? { value: number, next: at + 1 + sized } : text(number, at + 1 + sized)
}

function decodeMap(bytes, from, count) {
  const value = {}
  let at = from
  for (let i = 0; i < count; i += 1) {
    const name = decode(bytes, at)
    const member = name && decode(bytes, name.next)
    if (member === undefined) return undefined
    value[name.value] = member.value
    at = member.next
  }
  return { value, next: at }
}

/** The process of the load generator: `main.mjs CLIENT`. Does one task per message, and answers with what it found. */
import { connectGroups, leave, saved } from './groups.mjs'
import { fill, join } from './join.mjs'
import { holdLoad, measureLoad } from './loads.mjs'

const { connect } = await import(`../clients/${process.argv[2]}.mjs`)

/** Clients that stay connected between tasks. */
let held = []
/** Loads them further. */
let goOn

const tasks = {
  /** Fixed load, ramp, overload: what the options say. */
  load: (options) => measureLoad(connect, options),
  async fill(options) {
    const { groups, ...about } = await fill(connect, options)
    held = groups
    return about
  },
  join: (options) => join(connect, options),
  /** Connects clients, each group to a document of its own, and leaves them there. */
  async connect(options) {
    held = await connectGroups(connect, options)
    await saved(held)
    return {}
  },
  /** The maximum of clients that stay. */
  async hold(options) {
    const { groups, max, goOn: further } = await holdLoad(connect, options)
    held = groups
    goOn = further
    return { max }
  },
  'go-on': ({ rate, seconds }) => goOn({ rate, seconds }),
  async leave() {
    leave(held.splice(0))
    return {}
  },
}

process.on('message', async (message) => {
  try {
    process.send(await tasks[message.do](message))
  } catch (error) {
    process.send({ failed: String(error?.message ?? error).split('\n')[0] })
  }
})
// Without the suite there is nobody to load a server for.
process.on('disconnect', () => process.exit(1))
process.on('SIGTERM', () => process.exit(0))

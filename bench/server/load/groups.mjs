/** Clients in groups; each group shares a document. */

/** Connecting all at once would measure a storm of connections. */
const AT_ONCE = 20

/** A name of its own in every round, since some stores outlive it. */
export const documentName = (prefix, group) => `${prefix}-${process.pid}-${group}`

/**
 * @returns {Promise<{ live: object[], readers: object[] }[]>} those who edit and look on, and those who only count.
 */
export async function connectGroups(connect, { port, groups, size, muted = 0, prefix = 'doc' }) {
  const made = Array.from({ length: groups }, () => ({ live: [], readers: [] }))
  const enter = async ({ g, member }) => {
    const client = connect({ port, name: documentName(prefix, g), node: `${prefix}-${g}-${member}` })
    await client.ready
    // Documents begin with their first change: everybody after the first finds one.
    if (member === 0) client.set('begun', true)
    if (member < size - muted) made[g].live.push(client)
    else made[g].readers.push(client)
  }
  const founders = made.map((_, g) => ({ g, member: 0 }))
  const others = founders.flatMap(({ g }) => Array.from({ length: size - 1 }, (_, i) => ({ g, member: i + 1 })))
  await inBatches(founders, enter)
  await saved(made)
  await inBatches(others, enter)
  for (const { readers } of made) for (const reader of readers) reader.mute()
  return made
}

async function inBatches(list, task) {
  for (let i = 0; i < list.length; i += AT_ONCE) await Promise.all(list.slice(i, i + AT_ONCE).map(task))
}

/** Waits until the server has acknowledged what everybody wrote. */
export async function saved(groups) {
  for (const { live } of groups) {
    while (live.some((client) => !client.isSaved)) await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

export function leave(groups) {
  for (const { live, readers } of groups) for (const client of [...live, ...readers]) client.close()
}

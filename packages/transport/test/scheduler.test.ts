import { expect, test } from 'vitest'
import { nodeScheduler } from '../src/scheduler.ts'

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('tasks run at the end of the turn, with what they put off; what those put off is for the next', async () => {
  const { soon } = nodeScheduler(Date.now)
  const ran: string[] = []
  soon(() => {
    ran.push('first')
    soon(() => {
      ran.push('of the first')
      soon(() => ran.push('of that'))
    })
  })
  soon(() => ran.push('second'))
  expect(ran).toEqual([])
  await turn()
  expect(ran).toEqual(['first', 'second', 'of the first'])
  await turn()
  expect(ran).toEqual(['first', 'second', 'of the first', 'of that'])
})

test('a task that fails does not take others with it', async () => {
  const { soon } = nodeScheduler(Date.now)
  const ran: string[] = []
  const failures: unknown[] = []
  const listeners = process.listeners('uncaughtException')
  process.removeAllListeners('uncaughtException')
  process.on('uncaughtException', (error) => failures.push(error))
  try {
    const fault = new Error('nobody foresaw this')
    soon(() => ran.push('before'))
    soon(() => {
      throw fault
    })
    soon(() => ran.push('after'))
    for (let i = 0; i < 3; i += 1) await turn()
    expect(ran).toEqual(['before', 'after'])
    expect(failures).toEqual([fault])
    soon(() => ran.push('later'))
    await turn()
    expect(ran).toEqual(['before', 'after', 'later'])
  } finally {
    process.removeAllListeners('uncaughtException')
    for (const listener of listeners) process.on('uncaughtException', listener)
  }
})

/** Random operations of every type, as an application makes them from what it shows. */
import type { JsonValue } from '@joinery/core'
import type { DocumentType, Operation } from '../../src/http.ts'
import type { Random } from './random.ts'

const elems = ['milk', 'bread', 'eggs', 7, { kind: 'tea' }]
const keys = ['a', 'b', 'c']

export const everyType: readonly DocumentType[] = [
  'lww',
  'mvreg',
  'orset',
  'gset',
  '2pset',
  'gcounter',
  'pncounter',
  'bcounter',
  'ewflag',
  'dwflag',
  'ormap',
  'rga',
  'text',
  'doc',
]

/** @param shown the value in the view; undefined when there is none. */
export function randomOperation(type: DocumentType, shown: JsonValue | undefined, random: Random): Operation {
  const some = (): number => random.below(1000)
  switch (type) {
    case 'lww':
    case 'mvreg':
      return { set: some() }
    case 'orset':
      return { type: random.pick(['add', 'add', 'remove']), elem: random.pick(elems) }
    case '2pset': {
      // Adding what was removed before is refused, so that every element is new.
      const here = (shown as readonly JsonValue[] | undefined) ?? []
      if (here.length > 2) return { type: 'remove', elem: random.pick(here) }
      return { type: 'add', elem: Math.floor(random.next() * 1e12) }
    }
    case 'gset':
      return { type: 'add', elem: random.pick(elems) }
    case 'gcounter':
    case 'bcounter':
      return { type: 'increment', by: 1 + random.below(5) }
    case 'pncounter':
      return { type: random.pick(['increment', 'decrement']), by: 1 + random.below(5) }
    case 'ewflag':
    case 'dwflag':
      return { type: random.pick(['enable', 'disable']) }
    case 'ormap':
      return mapOperation(random)
    case 'rga':
      return sequenceOperation('rga', (shown as readonly JsonValue[] | undefined)?.length ?? 0, random)
    case 'text':
      return sequenceOperation('text', (shown as string | undefined)?.length ?? 0, random)
    default:
      return { path: [random.pick(['x', 'y']), random.pick(keys)], of: ['ormap', 'lww'], set: some() }
  }
}

function mapOperation(random: Random): Operation {
  const key = random.pick(keys)
  switch (random.below(4)) {
    case 0:
      return { type: 'remove', key }
    case 1:
      return { type: 'update', key: `n-${key}`, of: 'pncounter', op: { type: 'increment', by: 1 } }
    case 2:
      return {
        type: 'update',
        key: `m-${key}`,
        of: 'ormap',
        op: { type: 'set', key: 'title', value: random.below(100) },
      }
    default:
      return { type: 'set', key, value: random.below(100) }
  }
}

function sequenceOperation(type: 'rga' | 'text', length: number, random: Random): Operation {
  if (length > 0 && random.below(3) === 0) {
    const index = random.below(length)
    return { type: 'delete', index, count: 1 + random.below(Math.min(3, length - index)) }
  }
  const index = random.below(length + 1)
  const letters = Array.from({ length: 1 + random.below(3) }, () => String.fromCharCode(97 + random.below(26)))
  return type === 'text'
    ? { type: 'insert', index, text: letters.join('') }
    : { type: 'insert', index, values: letters }
}

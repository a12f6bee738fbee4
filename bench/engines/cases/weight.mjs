/**
 * What a web page loads: a minimal import, bundled and minified, with the WebAssembly it needs, compressed with gzip.
 *   weight:core     what documents of all kinds need
 *   weight:text     text alone, of ours without documents; `document` is ours with documents
 *   weight:counter  a counter alone
 * A peer that has no smaller import has the same weight in all.
 */
import { weigh } from '../../lib/weigh.mjs'

/** Figures of one peer, in the form that processes of other cases have. */
async function runOf(peer, part, metrics) {
  const figures = new Map()
  const failures = new Map()
  try {
    const { raw, gzip } = await weigh(peer.weights[part] ?? peer.weights.core, peer)
    figures.set('gzip', [gzip])
    figures.set('raw', [raw])
    const document = peer.weights[`${part}-document`]
    if (document !== undefined) figures.set('document', [(await weigh(document, peer)).gzip])
  } catch (error) {
    for (const metric of metrics) failures.set(metric, String(error.message).split('\n')[0])
  }
  return { peer, figures, failures }
}

const kindOf = { core: undefined, text: 'text', counter: 'counter' }

const caseOf = (part) => ({
  name: `weight:${part}`,
  metrics: { gzip: 'bytes', raw: 'bytes', ...(part === 'text' ? { document: 'bytes' } : {}) },
  drive: async (_found, peers) => {
    const able = peers.filter(({ runs, kinds, weights }) => {
      return runs !== 'floor' && weights.core !== undefined && (part === 'core' || kinds.includes(kindOf[part]))
    })
    const runs = []
    for (const peer of able) runs.push(await runOf(peer, part, ['gzip', 'raw']))
    return runs
  },
})

export const weightCases = Object.keys(kindOf).map(caseOf)

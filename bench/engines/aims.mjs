/**
 * What each row is to reach. `atMost` is the ratio of ours to
 *   best      the best peer of the row in the same run, native and WebAssembly ones included
 *   js        the best peer in pure JavaScript
 *   plain     the best peer whose stored form has no deleted text and is not compressed
 *   or a peer by name.
 * Without `against`, `atMost` is an amount in the unit of the row.
 */
const TRACES = ['text:automerge-paper', 'text:rustcode', 'text:sveltecomponent']
const numbered = (family, count) => Array.from({ length: count }, (_, i) => `${family}.${i + 1}`)
const MICRO = ['micro:counter', 'micro:set', 'micro:map', 'micro:register']

export const aims = [
  { cases: TRACES, metrics: ['apply', 'edits', 'remote', 'batch'], against: 'js', atMost: 0.7 },
  { cases: TRACES, metrics: ['apply'], against: 'diamond-types', atMost: 1.2 },
  { cases: TRACES, metrics: ['load'], against: 'best', atMost: 0.5 },
  { cases: TRACES, metrics: ['resume'], against: 'best', atMost: 0.7 },
  { cases: TRACES, metrics: ['bytes'], against: 'plain', atMost: 1 },
  { cases: ['conc:friendsforever'], metrics: ['stream', 'batch'], against: 'best', atMost: 0.7 },
  { cases: numbered('b1', 11), metrics: ['time'], against: 'best', atMost: 0.8 },
  { cases: numbered('b2', 4), metrics: ['time', 'merge'], against: 'best', atMost: 0.8 },
  { cases: numbered('b3', 5), metrics: ['batch', 'stream'], against: 'best', atMost: 0.8 },
  { cases: MICRO, metrics: ['txn', 'each', 'remote'], against: 'best', atMost: 0.2 },
  { cases: ['micro:map100k'], metrics: ['merge', 'load', 'encode'], against: 'best', atMost: 0.5 },
  { cases: ['text:automerge-paper'], metrics: ['memory-loaded'], against: 'best', atMost: 0.5 },
  { cases: ['text:automerge-paper'], metrics: ['memory-edited'], against: 'best', atMost: 1 },
  { cases: ['micro:map100k'], metrics: ['memory'], against: 'best', atMost: 0.7 },
  { cases: ['weight:core'], metrics: ['gzip'], atMost: 20_000 },
  { cases: ['weight:text'], metrics: ['gzip'], atMost: 10_000 },
]

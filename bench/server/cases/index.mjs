/**
 * Cases. `metrics`: unit, and whether more is better. `measure` answers figures by metric for one round of one subject.
 * `together`: subjects may run at the same time, since nothing is timed. `only`, `rounds`: of which subjects, and how many, where it
 * is not all and the usual number.
 */
import { join } from './join.mjs'
import { fanout, spread } from './loads.mjs'
import { memory } from './memory.mjs'
import { soak } from './soak.mjs'

export const cases = [fanout, spread, join, memory, soak]

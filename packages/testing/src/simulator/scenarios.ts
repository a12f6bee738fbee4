/** Histories by name: which faults, and what is left broken at the end. */
import {
  backups,
  bursts,
  clocks,
  clones,
  crashes,
  disorder,
  type Fault,
  flapping,
  losses,
  oneWayCuts,
  partitions,
  rot,
} from './faults.ts'

export interface Scenario {
  readonly faults: readonly Fault[]
  /** What it shows. */
  readonly about: string
  /** Time that healed nodes get to find what nobody asks for: a document that is not in memory is looked at by scrubbing only. */
  readonly scrubSeconds?: number
  /** Malicious members beside the nodes that are counted. Changes are signed. */
  readonly intruders?: number
  /** Histories fork, and nothing can be done about it: whoever met the same branch first agrees. */
  readonly hasBranches?: boolean
}

export const scenarios: Readonly<Record<string, Scenario>> = {
  calm: { about: 'nothing goes wrong', faults: [] },
  loss: { about: 'messages are lost, each by itself', faults: [losses(0.3)] },
  bursts: { about: 'messages are lost in bursts', faults: [bursts] },
  disorder: { about: 'messages are doubled and overtake each other by seconds', faults: [disorder] },
  partition: { about: 'the nodes fall into two groups', faults: [partitions, losses(0.05)] },
  'one-way': { about: 'links carry in one direction only', faults: [oneWayCuts, losses(0.05)] },
  flapping: { about: 'one node is there and not there by turns', faults: [flapping] },
  crashes: { about: 'nodes lose what was not durable, and come back', faults: [crashes, losses(0.05)] },
  restarts: {
    about: 'nodes crash often, and messages of before come late',
    faults: [crashes, crashes, crashes, disorder],
  },
  clocks: { about: 'wall clocks are off, and jump', faults: [clocks, losses(0.05)] },
  rot: { about: 'a disk gives back other bytes than it was given', faults: [rot, losses(0.05)], scrubSeconds: 90 },
  backup: { about: 'a disk is put back as it was some time ago', faults: [backups, losses(0.05)] },
  clone: {
    about: 'a disk is put back and its store does not notice: one actor writes two histories',
    faults: [clones, losses(0.05)],
    hasBranches: true,
  },
  'signed-clone': {
    about: 'the same, and changes are signed',
    faults: [clones, losses(0.05)],
    intruders: 0,
  },
  byzantine: {
    about: 'a malicious member sends whatever might do harm; changes are signed',
    faults: [losses(0.05)],
    intruders: 1,
  },
  'byzantine-majority': {
    about: 'more malicious members than honest ones, crashes and partitions; changes are signed',
    faults: [losses(0.05), partitions, crashes, disorder],
    intruders: 6,
  },
  everything: {
    about: 'all of it at once',
    faults: [losses(0.2), bursts, disorder, partitions, oneWayCuts, crashes, clocks],
  },
}

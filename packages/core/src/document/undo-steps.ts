/** Steps of an undo manager as JSON, so that they can outlive the process. */
import type { ActorId } from '../causality/actor.ts'
import type { JsonValue } from '../codec/json.ts'
import { refuse } from '../errors.ts'
import type { Inverse } from '../kernel/container.ts'
import { findElementId, formatElementId } from '../kernel/element-id.ts'
import type { Site } from '../kernel/site.ts'
import * as limits from '../limits.ts'
import type { Address, AddressedEffect } from './address.ts'

/** What one step takes back, the youngest effect last. */
export interface Step {
  readonly effects: AddressedEffect[]
  timeMicros: number
}

export interface Steps {
  readonly done: readonly Step[]
  readonly undone: readonly Step[]
}

/** Of what follows. Steps in another format are not understood. */
const FORMAT = 1

/** Elements, the copies that stand for them now, and how many of them follow each other. */
type CopyRun = [element: string, copy: string, size: number]
type WrittenStep = readonly [timeMicros: number, effects: readonly (readonly [Address, Inverse])[]]

interface Written {
  readonly format: number
  readonly done: readonly WrittenStep[]
  readonly undone: readonly WrittenStep[]
  readonly copies: readonly CopyRun[]
  /** Under whom they were made. */
  readonly actors: readonly ActorId[]
}

export function writeSteps({ done, undone }: Steps, site: Site): JsonValue {
  const write = ({ timeMicros, effects }: Step): WrittenStep => [
    timeMicros,
    effects.map(({ address, inverse }) => [address, inverse]),
  ]
  const actors = [...site.selves].map((actor) => site.actors.id(actor))
  const copies = copyRuns(site)
  const written: Written = { format: FORMAT, done: done.map(write), undone: undone.map(write), copies, actors }
  return written as unknown as JsonValue
}

function copyRuns(site: Site): CopyRun[] {
  const runs: CopyRun[] = []
  let last: readonly [number, number] = [-1, -1]
  for (const [element, copy] of site.copies) {
    const run = runs.at(-1)
    if (run !== undefined && element === last[0] + 1 && copy === last[1] + 1) run[2] += 1
    else runs.push([formatElementId(site, element), formatElementId(site, copy), 1])
    last = [element, copy]
  }
  return runs
}

/** Reads what `writeSteps` wrote, for a document with this site. Throws `CORE_VALUE_INVALID`, with nothing read. */
export function readSteps(steps: JsonValue, site: Site): { done: Step[]; undone: Step[] } {
  const { done, undone, copies, actors } = checked(steps)
  const read = ([timeMicros, effects]: WrittenStep): Step => ({
    timeMicros,
    effects: effects.map(([address, inverse]) => ({ address, inverse })),
  })
  const found = { done: done.map(read), undone: undone.map(read) }
  for (const id of actors) {
    const actor = site.actors.find(id)
    if (actor !== undefined) site.selves.add(actor)
  }
  for (const [element, copy, size] of copies) {
    const [from, to] = [findElementId(site, element), findElementId(site, copy)]
    if (from === undefined || to === undefined) continue
    for (let i = 0; i < size; i += 1) site.copies.set(from + i, to + i)
  }
  return found
}

function checked(steps: JsonValue): Written {
  const { format, done, undone, copies, actors } = (steps ?? {}) as Partial<Record<keyof Written, JsonValue>>
  const isWell =
    format === FORMAT &&
    Array.isArray(done) &&
    Array.isArray(undone) &&
    [...done, ...undone].every(isStep) &&
    Array.isArray(copies) &&
    copies.every(isCopyRun) &&
    copies.reduce((sum: number, run) => sum + sizeOf(run), 0) <= limits.undoCopiesMax &&
    Array.isArray(actors) &&
    actors.every((actor) => typeof actor === 'string')
  return isWell ? (steps as unknown as Written) : refuse('CORE_VALUE_INVALID', 'not the steps of an undo manager')
}

function isStep(step: JsonValue): boolean {
  return Array.isArray(step) && typeof step[0] === 'number' && Array.isArray(step[1]) && step[1].every(isEffect)
}

function isEffect(effect: JsonValue): boolean {
  return (
    Array.isArray(effect) && Array.isArray(effect[0]) && Array.isArray(effect[1]) && typeof effect[1][0] === 'string'
  )
}

const ID = /^\d+@./

function isCopyRun(run: JsonValue): boolean {
  if (!Array.isArray(run)) return false
  const [element, copy] = run
  return ID.test(`${element}`) && ID.test(`${copy}`) && Number.isSafeInteger(sizeOf(run)) && sizeOf(run) > 0
}

const sizeOf = (run: JsonValue): number => (run as unknown as CopyRun)[2]

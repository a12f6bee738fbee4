/**
 * Undo and redo of what the local actor did. Undo is a change like any other: it takes back an effect only where that still
 * shows, and leaves alone what others wrote since (Sun et al. call this selective undo of own operations). What is deleted comes
 * back as a copy, beside the place where it was.
 *
 * Cost: nothing until a manager is made; then per mutation one entry, and for deletions what was deleted.
 */
import type { JsonValue } from '../codec/json.ts'
import type { Effect } from '../kernel/container.ts'
import type { Site } from '../kernel/site.ts'
import * as limits from '../limits.ts'
import { type AddressedEffect, addressed } from './address.ts'
import { readSteps, type Step, writeSteps } from './undo-steps.ts'

export interface UndoOptions {
  /** Changes that follow each other within this time are undone together; 500 by default, 0 for each on its own. */
  readonly groupMs?: number
  /** Steps of another time, as `manager.steps()` answered them. */
  readonly steps?: JsonValue
}

/** Makes a change of the document that takes these back. */
type Perform = (effects: readonly AddressedEffect[]) => Uint8Array | undefined

export class UndoManager {
  readonly #perform: Perform
  readonly #site: Site
  readonly #groupMicros: number
  #done: Step[] = []
  #undone: Step[] = []
  /** Where the effects of the change in progress go. */
  #mode: 'new' | 'undo' | 'redo' = 'new'
  /** Whether the next change begins a step of its own. */
  #closed = true

  /** @internal Made by `doc.undoManager()`. */
  constructor(perform: Perform, site: Site, { groupMs = 500, steps }: UndoOptions = {}) {
    this.#perform = perform
    this.#site = site
    this.#groupMicros = groupMs * 1000
    if (steps === undefined) return
    const { done, undone } = readSteps(steps, site)
    this.#done = done
    this.#undone = undone
  }

  get canUndo(): boolean {
    return this.#done.length > 0
  }

  get canRedo(): boolean {
    return this.#undone.length > 0
  }

  /** Takes back the last step; answers the bytes of the change, undefined when nothing of it shows any more. */
  undo(): Uint8Array | undefined {
    return this.#run(this.#done, 'undo')
  }

  /** Does again what the last undo took back. */
  redo(): Uint8Array | undefined {
    return this.#run(this.#undone, 'redo')
  }

  /** The next change is a step of its own, however soon it comes. */
  stopGrouping(): void {
    this.#closed = true
  }

  /** Forgets all steps. */
  clear(): void {
    this.#done = []
    this.#undone = []
  }

  /**
   * The steps, what they deleted included, to be kept and handed to the manager of the same document when it is loaded again, be
   * it under another actor. O(steps).
   * @param most so many of the youngest in each direction.
   */
  steps(most: number = limits.undoStepsMax): JsonValue {
    const youngest = (steps: readonly Step[]): readonly Step[] => steps.slice(Math.max(0, steps.length - most))
    return writeSteps({ done: youngest(this.#done), undone: youngest(this.#undone) }, this.#site)
  }

  #run(from: Step[], mode: 'undo' | 'redo'): Uint8Array | undefined {
    const step = from.pop()
    if (step === undefined) return undefined
    this.#mode = mode
    this.#closed = true
    try {
      return this.#perform(step.effects.toReversed())
    } catch (error) {
      from.push(step)
      throw error
    } finally {
      this.#mode = 'new'
      this.#closed = true
    }
  }

  /** Takes note of a change that was made. @internal */
  note(noted: readonly Effect[], timeMicros: number): void {
    if (noted.length === 0) return
    const effects = noted.map(addressed)
    const step = { effects, timeMicros }
    if (this.#mode === 'undo') this.#undone.push(step)
    else if (this.#mode === 'redo') this.#done.push(step)
    else {
      this.#undone = []
      const last = this.#done.at(-1)
      const joins = !this.#closed && last !== undefined && timeMicros - last.timeMicros < this.#groupMicros
      if (joins) {
        last.effects.push(...effects)
        last.timeMicros = timeMicros
      } else this.#done.push(step)
      this.#closed = false
    }
    if (this.#done.length > limits.undoStepsMax) this.#done.shift()
  }
}

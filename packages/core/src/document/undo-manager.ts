/**
 * Undo and redo of what the local actor did. Undo is a change like any other: it takes back an effect only where that still
 * shows, and leaves alone what others wrote since (Sun et al. call this selective undo of own operations). What is deleted comes
 * back as a copy, beside the place where it was.
 *
 * Cost: nothing until a manager is made; then per mutation one entry, and for deletions what was deleted.
 */
import * as limits from '../limits.ts'

export interface UndoOptions {
  /** Changes that follow each other within this time are undone together; 500 by default, 0 for each on its own. */
  readonly groupMs?: number
}

/** What one step takes back, the youngest effect last. */
interface Step {
  readonly inverses: (() => void)[]
  timeMicros: number
}

/** Makes a change of the document that runs these. */
type Perform = (run: () => void) => Uint8Array | undefined

export class UndoManager {
  readonly #perform: Perform
  readonly #groupMicros: number
  #done: Step[] = []
  #undone: Step[] = []
  /** Where the effects of the change in progress go. */
  #mode: 'new' | 'undo' | 'redo' = 'new'
  /** Whether the next change begins a step of its own. */
  #closed = true

  /** @internal Made by `doc.undoManager()`. */
  constructor(perform: Perform, { groupMs = 500 }: UndoOptions = {}) {
    this.#perform = perform
    this.#groupMicros = groupMs * 1000
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

  #run(from: Step[], mode: 'undo' | 'redo'): Uint8Array | undefined {
    const step = from.pop()
    if (step === undefined) return undefined
    this.#mode = mode
    this.#closed = true
    try {
      return this.#perform(() => {
        for (const inverse of step.inverses.toReversed()) inverse()
      })
    } catch (error) {
      from.push(step)
      throw error
    } finally {
      this.#mode = 'new'
      this.#closed = true
    }
  }

  /** Takes note of a change that was made. @internal */
  note(inverses: (() => void)[], timeMicros: number): void {
    if (inverses.length === 0) return
    const step = { inverses, timeMicros }
    if (this.#mode === 'undo') this.#undone.push(step)
    else if (this.#mode === 'redo') this.#done.push(step)
    else {
      this.#undone = []
      const last = this.#done.at(-1)
      const joins = !this.#closed && last !== undefined && timeMicros - last.timeMicros < this.#groupMicros
      if (joins) {
        last.inverses.push(...inverses)
        last.timeMicros = timeMicros
      } else this.#done.push(step)
      this.#closed = false
    }
    if (this.#done.length > limits.undoStepsMax) this.#done.shift()
  }
}

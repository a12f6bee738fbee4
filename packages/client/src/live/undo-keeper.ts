/**
 * The undo of a document, over what becomes of the document: when another state takes its place, and when the process or page ends
 * and begins again. Steps are kept with a delay: after a crash the youngest may be missing, and what they did stays done.
 */
import type { JsonValue, SchemaDoc, UndoManager } from '@joinery/core'
import type { Host } from '../host.ts'
import type { LiveLimits } from './limits.ts'

type Undoable = Pick<SchemaDoc, 'actor' | 'incarnation' | 'undoManager' | 'version'>

/** What is on the shelf: steps, and the life of the document that they belong to. */
interface KeptSteps {
  readonly life: string
  readonly steps: JsonValue
}

/** Where texts are kept for this tab or process. */
export interface Shelf {
  read(name: string): Promise<string | undefined> | string | undefined
  /** Undefined removes it. */
  write(name: string, text: string | undefined): Promise<void> | void
}

export interface UndoKeeperOptions {
  /** Names the document among those on the shelf. */
  readonly name: string
  readonly host: Host
  readonly limits: LiveLimits
  readonly doc: () => Undoable
  /** Undefined where nothing can be kept. */
  readonly shelf: () => Promise<Shelf | undefined>
}

export class UndoKeeper {
  readonly #options: UndoKeeperOptions
  #of: Undoable | undefined
  #manager: UndoManager | undefined
  #cancel: (() => void) | undefined

  constructor(options: UndoKeeperOptions) {
    this.#options = options
  }

  get manager(): UndoManager {
    const doc = this.#options.doc()
    if (this.#manager === undefined || doc !== this.#of) {
      const before = this.#of
      this.#manager = openManager(doc, before && goesOn(before, doc) ? this.#manager?.steps() : undefined)
      this.#of = doc
    }
    return this.#manager
  }

  /** Takes up what was kept. To be called when the document is loaded, before it is changed. */
  async resume(): Promise<void> {
    const shelf = await this.#options.shelf()
    const text = await shelf?.read(this.#options.name)
    const kept = text === undefined ? undefined : parsed(text)
    const doc = this.#options.doc()
    if (kept?.life !== doc.incarnation || this.#manager !== undefined) return
    this.#manager = openManager(doc, kept.steps)
    this.#of = doc
  }

  /** The document changed, or is another. */
  changed(): void {
    if (this.#manager === undefined) return
    // Whatever is changed next must be noted.
    this.manager
    this.#cancel ??= this.#options.host.setTimer(this.#options.limits.markDelayMs, () => void this.flush())
  }

  /** Keeps what is to be kept now. */
  async flush(): Promise<void> {
    if (this.#cancel === undefined) return
    this.#cancel()
    this.#cancel = undefined
    try {
      const shelf = await this.#options.shelf()
      await shelf?.write(this.#options.name, this.#text())
    } catch {
      // What else cannot be kept says so, and loses more.
    }
  }

  /** As many of the youngest steps as there is room for. */
  #text(): string | undefined {
    const { undoStepsMax, undoTextLengthMax } = this.#options.limits
    for (let most = undoStepsMax; most >= 1; most = Math.floor(most / 2)) {
      const kept: KeptSteps = { life: this.#options.doc().incarnation, steps: this.manager.steps(most) }
      const text = JSON.stringify(kept)
      if (text.length <= undoTextLengthMax) return text
    }
    return undefined
  }
}

/** Steps that cannot be used are as good as none. */
function openManager(doc: Undoable, steps: JsonValue | undefined): UndoManager {
  try {
    return doc.undoManager(steps === undefined ? {} : { steps })
  } catch {
    return doc.undoManager()
  }
}

/** Whether what was done in one document is in the other: not so where that began anew. */
function goesOn(before: Undoable, next: Undoable): boolean {
  return before.incarnation === next.incarnation || next.version().get(before.actor.id) > 0
}

function parsed(text: string): KeptSteps | undefined {
  try {
    return JSON.parse(text) as KeptSteps
  } catch {
    return undefined
  }
}

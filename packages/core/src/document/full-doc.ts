/**
 * A document that knows every type of this build, whatever its schema says: so it takes in, keeps and passes on what newer
 * versions of the schema brought. It is what to use, unless each kilobyte counts and the schema stays as it is (`SchemaDoc`).
 */
import { SchemaDoc } from './doc.ts'
import type { DocOptions, NewDocOptions } from './doc-types.ts'
import { allTypes } from './registry.ts'
import type { FieldSpecs } from './schema.ts'

export class Doc<S extends FieldSpecs = FieldSpecs> extends SchemaDoc<S> {
  constructor(options: NewDocOptions<S>) {
    super({ ...options, types: options.types ?? allTypes })
  }

  /**
   * A document from what was stored: a snapshot, changes or bundles, in order. The actor continues where they have it.
   * Throws `CORE_DECODE_*`, and `CORE_PRECONDITION_FAILED` when nothing of it names the incarnation.
   */
  static override load<S extends FieldSpecs = FieldSpecs>(
    parts: Uint8Array | readonly Uint8Array[],
    options: DocOptions<S>,
  ): Doc<S> {
    return new Doc<S>({ ...options, incarnation: '' }).resume(parts)
  }
}

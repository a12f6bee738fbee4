/**
 * Operations on a document: it has the one root field `value` of its type, or, being of type `doc`, any fields, and its
 * operations say where they go: `path` names field, key or element on the way, `of` the types.
 */
import {
  type Container,
  type Doc,
  type JsonValue,
  LwwRegister,
  OrMap,
  Rga,
  Struct,
  specOf,
  type TypeName,
  tags,
} from '@joinery/core'
import { applyOperation, type OperationContext, translating } from './apply-operation.ts'
import { type DocumentType, invalid, type Operation, type OperationType, operationType } from './operation.ts'
import { writeValue } from './write-value.ts'

/** The name of the root field of a document of one type. */
export const ROOT_FIELD = 'value'

/**
 * Applies one operation to a document of a type, inside `doc.change`. Throws `OperationError`.
 * @returns the operation as it took effect: where indices were translated, in terms of ids.
 */
export function applyToDocument(doc: Doc, type: DocumentType, op: Operation, context: OperationContext): Operation {
  if (type !== 'doc') {
    if (op.path !== undefined) invalid('"path" is for documents of type "doc"')
    return applyOperation(rootOf(doc, type), op, context)
  }
  const target = translating(() => openPath(doc, op, context))
  return applyOperation(target, op, context)
}

/** The container of a document of one type. */
export function rootOf(doc: Doc, type: OperationType): Container {
  return doc.field(ROOT_FIELD, specOf(type))
}

/** What a document of a type shows. */
export function documentValue(doc: Doc, type: DocumentType): JsonValue {
  return type === 'doc' ? doc.toJSON() : rootOf(doc, type).toJSON()
}

/** Writes a whole value: an observed reset plus a write. Throws `VALUE_UNREACHABLE` where the type has no way to it. */
export function putDocument(doc: Doc, type: DocumentType, value: JsonValue, context: OperationContext): void {
  if (type !== 'doc') {
    writeValue(rootOf(doc, type), value, context)
    return
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    invalid('the value of a "doc" is an object of { "type", "value" } by field')
  }
  const fields = Object.entries(value).map(([name, field]) => ({ name, ...typedValue(field) }))
  for (const name of Object.keys(doc.toJSON() as object)) {
    const field = doc.find([name])
    if (field !== undefined && !Object.hasOwn(value, name)) resetField(field, context)
  }
  for (const { name, type: fieldType, value: fieldValue } of fields) {
    writeValue(
      translating(() => doc.field(name, specOf(fieldType))),
      fieldValue,
      context,
    )
  }
}

/** A register at the root has no way back to never written: it reads null, as one that never was. */
function resetField(field: Container, context: OperationContext): void {
  if (field instanceof LwwRegister) writeValue(field, null, context)
  else translating(() => field.observedReset())
}

function typedValue(field: JsonValue): { readonly type: OperationType; readonly value: JsonValue } {
  if (typeof field !== 'object' || field === null || Array.isArray(field)) invalid('a field is { "type", "value" }')
  const { type, value } = field as Operation
  if (value === undefined) invalid('a field needs a "value"')
  return { type: operationType(type), value }
}

const names = new Map<number, TypeName>(Object.entries(tags).map(([name, tag]) => [tag, name as TypeName]))

function openPath(doc: Doc, op: Operation, context: OperationContext): Container {
  const { path } = op
  if (!Array.isArray(path) || path.length === 0) invalid('"path" is an array that begins with the name of a field')
  const types = pathTypes(op.of, path.length)
  let at: Container | undefined
  for (const [i, step] of (path as readonly JsonValue[]).entries()) {
    at = at === undefined ? openField(doc, step, types[i]) : openStep(at, step, types[i], context)
  }
  return at as Container
}

/** `of` names the type of the last container, or of every one along the path; others default to what is there, or a map. */
function pathTypes(of: JsonValue | undefined, length: number): (OperationType | undefined)[] {
  if (!Array.isArray(of)) return Array.from({ length }, (_, i) => (i === length - 1 ? operationType(of) : undefined))
  if (of.length !== length) invalid('"of" names as many types as "path" has steps')
  return of.map((name) => operationType(name))
}

function openField(doc: Doc, step: JsonValue, type: OperationType | undefined): Container {
  if (typeof step !== 'string') invalid('"path" begins with the name of a field')
  return doc.field(step, specOf(type ?? typeAt(doc.find([step]))))
}

function typeAt(container: Container | undefined): TypeName {
  return (container === undefined ? undefined : names.get(container.tag)) ?? 'ormap'
}

function openStep(
  at: Container,
  step: JsonValue,
  type: OperationType | undefined,
  context: OperationContext,
): Container {
  if (at instanceof Struct && typeof step === 'string') return at.field(step, specOf(type ?? typeAt(at.find(step))))
  if (at instanceof OrMap && typeof step === 'string') return at.open(step, specOf(type ?? typeAt(at.find(step))))
  if (at instanceof Rga) return openElement(at, step, context)
  return invalid(`nothing can be below ${JSON.stringify(step)}`)
}

function openElement(at: Rga, step: JsonValue, context: OperationContext): Container {
  const id = typeof step === 'number' ? (context.seenIds?.(at).ids?.[step] ?? step) : step
  const index = typeof id === 'number' ? id : typeof id === 'string' ? at.indexOf(id) : undefined
  const element = index === undefined ? undefined : at.find(index)
  return element ?? invalid(`no container at ${JSON.stringify(step)}`)
}

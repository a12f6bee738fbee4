/** Structs and maps by definition. */
import { type FieldSpecs, type Fields, type JsonValue, type OrMap, orMap, struct } from '@joinery/core'
import fc from 'fast-check'
import { comparePresence, narrow, type Stamped, type Tagged, type Timed, type View } from '../oracle/tagged.ts'
import type { AnyModel, Model } from './model.ts'
import { liveWrites, lwwModel, stampOf, timed, unseenWrites, type Write } from './registers.ts'

type JsonObject = { readonly [key: string]: JsonValue }

export interface FieldOp {
  readonly field: string
  readonly op: unknown
}

function inField(view: View<FieldOp>, name: string): View<unknown> {
  const ops = view.ops.filter(({ op }) => op.field === name)
  return { ...view, ops: ops.map((tagged) => narrow(tagged, tagged.op.op)) }
}

/** A struct; fields that hold nothing are left out on both sides. */
export function structOf(fields: Readonly<Record<string, AnyModel>>): Model<Fields<FieldSpecs>, FieldOp> {
  const models = Object.entries(fields)
  const shown = (value: (name: string, model: AnyModel) => JsonValue): JsonValue =>
    Object.fromEntries(
      models
        .map(([name, model]): [string, JsonValue] => [name, value(name, model)])
        .filter(([name, json]) => JSON.stringify(json) !== JSON.stringify(fields[name]?.empty)),
    )
  return {
    name: `struct(${models.map(([, { name }]) => name)})`,
    spec: struct(Object.fromEntries(models.map(([name, { spec }]) => [name, spec]))),
    ops: fc.oneof(...models.map(([field, { ops }]) => fc.record({ field: fc.constant(field), op: ops }))),
    perform: (handle, { field, op }) => {
      const done: unknown = fields[field]?.perform(handle[field], op)
      return done === undefined ? undefined : { field, op: done }
    },
    evaluate: (view) => shown((name, model) => model.evaluate(inField(view, name))),
    canonical: (json) =>
      shown((name, model) => {
        const value = (json as JsonObject)[name]
        return value === undefined ? model.empty : model.canonical(value)
      }),
    empty: {},
    blank: {},
    identified: true,
  }
}

export type MapOp =
  | { readonly type: 'at'; readonly key: string; readonly kind: number; readonly op: unknown }
  | { readonly type: 'remove'; readonly key: string }

const keys = fc.constantFrom('a', 'b', '')

/** A value of one type under a key, as the definition has it. */
interface Slot {
  readonly model: AnyModel
  /** The youngest of the updates that make it present. */
  readonly presence: Timed
  readonly value: JsonValue
}

/** Updates through a key make it present, until an update or removal has seen them. Writes are their own presence. */
function presenceOf(model: AnyModel, ops: readonly Tagged<unknown>[], resets: readonly Stamped[]): Timed | undefined {
  if (model.name === 'lww') return liveWrites((ops as Tagged<Write>[]).map(timed), resets)[0]
  return unseenWrites(ops, resets)[0]
}

function slotsAt(view: View<MapOp>, models: readonly AnyModel[], key: string): Slot[] {
  const removals: Stamped[] = view.ops.filter(({ op }) => op.type === 'remove' && op.key === key)
  const resets = [...view.resets, ...removals]
  return models.flatMap((model, kind) => {
    const ops = view.ops.flatMap((tagged) => {
      const { op } = tagged
      return op.type === 'at' && op.key === key && op.kind === kind ? [narrow(tagged, op.op)] : []
    })
    const presence = presenceOf(model, ops, resets)
    if (presence === undefined) return []
    return [{ model, presence, value: model.evaluate({ ops, resets, removable: true }) }]
  })
}

/** The slot with the youngest presence is shown; of one change, that of the smaller type number. */
function shownSlot(slots: readonly Slot[]): Slot | undefined {
  return [...slots].sort((a, b) => comparePresence(b.presence, a.presence) || a.model.spec.tag - b.model.spec.tag)[0]
}

function mapModel(
  models: readonly AnyModel[],
  perform: (map: OrMap<unknown>, op: MapOp & { readonly type: 'at' }) => unknown,
): Model<OrMap<unknown>, MapOp> {
  return {
    name: `ormap(${models.map(({ name }) => name)})`,
    spec: models.length === 1 ? orMap((models[0] as AnyModel).spec) : orMap(),
    ops: fc.oneof(
      ...models.map((model, kind) => ({
        weight: 4,
        arbitrary: fc.record({ type: fc.constant('at' as const), key: keys, kind: fc.constant(kind), op: model.ops }),
      })),
      { weight: 2 * models.length, arbitrary: fc.record({ type: fc.constant('remove' as const), key: keys }) },
    ),
    perform: (map, op) => {
      if (op.type === 'remove') return map.remove(op.key) ? op : undefined
      const done = perform(map, op)
      return done === undefined ? undefined : { ...op, op: done }
    },
    evaluate: (view) => {
      const known = [...new Set(view.ops.map(({ op }) => op.key))].sort()
      const entries = known.flatMap((key): [string, JsonValue][] => {
        const slot = shownSlot(slotsAt(view, models, key))
        return slot === undefined ? [] : [[key, tell(models, slot.model, slot.value)]]
      })
      return Object.fromEntries(entries)
    },
    // With several types the value alone does not say which of them is shown.
    canonical: (json) =>
      Object.fromEntries(
        Object.entries(json as JsonObject)
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .map(([key, value]) => [key, shape(models, value)]),
      ),
    empty: {},
    blank: {},
    identified: true,
  }
}

function tell(models: readonly AnyModel[], model: AnyModel, value: JsonValue): JsonValue {
  return models.length === 1 ? value : model.canonical(value)
}

/** The canonical value; of several types that whose blank value is of the same kind. */
function shape(models: readonly AnyModel[], value: JsonValue): JsonValue {
  if (models.length === 1) return (models[0] as AnyModel).canonical(value)
  return models.find(({ blank }) => kindOf(blank) === kindOf(value))?.canonical(value) ?? value
}

function kindOf(value: JsonValue): string {
  return Array.isArray(value) ? 'array' : typeof value
}

/** A map whose values are of one type, or of several by turns. */
export function mapOf(...models: readonly AnyModel[]): Model<OrMap<unknown>, MapOp> {
  return mapModel(models, (map, { key, kind, op }) => {
    const model = models[kind] as AnyModel
    return model.perform(map.open(key, model.spec), op)
  })
}

/** The map of plain values: `setLww`. */
export const lwwMapModel: Model<OrMap<unknown>, MapOp> = {
  ...mapModel([lwwModel], (map, { key, op }) => {
    map.setLww(key, (op as Write).value, stampOf(op as Write))
    return op
  }),
  name: 'ormap',
}

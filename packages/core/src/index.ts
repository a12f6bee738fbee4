export {
  type Actor,
  type ActorId,
  actorId,
  compareActorIds,
  parseActorId,
  type ReplicaId,
  replicaId,
  replicaOf,
} from './causality/actor.ts'
export { CausalContext } from './causality/causal-context.ts'
export type { Dot } from './causality/dot.ts'
export { HybridClock, type HybridClockOptions } from './causality/hybrid-clock.ts'
export { LamportClock } from './causality/lamport-clock.ts'
export { type CausalOrder, VersionVector } from './causality/version-vector.ts'
export { type JsonValue, normalizeJson, readJson, writeJson } from './codec/json.ts'
export { Reader } from './codec/reader.ts'
export { compareUtf8 } from './codec/utf8.ts'
export { Writer } from './codec/writer.ts'
export { encodeBundle, readBundle } from './document/bundle.ts'
export type { MissingRange } from './document/causal-buffer.ts'
export {
  type Change,
  type ChangeHeader,
  type ChangeNote,
  type Head,
  openChange,
  readChange,
} from './document/change.ts'
export { changedFields, type FieldName } from './document/change-fields.ts'
export type { ChangeSeal } from './document/change-writer.ts'
export { SchemaDoc } from './document/doc.ts'
export type {
  ApplyOptions,
  ApplyResult,
  ChangeOptions,
  DocEvent,
  DocOptions,
  NewDocOptions,
  Observed,
} from './document/doc-types.ts'
export { Doc } from './document/full-doc.ts'
export type { ChainEntry } from './document/past.ts'
export { allTypes, specOf } from './document/registry.ts'
export { type Restamp, restampChanges } from './document/restamp.ts'
export {
  boundedCounter,
  defineSchema,
  dwFlag,
  ewFlag,
  type FieldSpecs,
  type Fields,
  gCounter,
  gSet,
  list,
  lww,
  mvRegister,
  orMap,
  orSet,
  pnCounter,
  type Schema,
  type StructSpec,
  struct,
  text,
  twoPhaseSet,
} from './document/schema.ts'
export type { UndoManager, UndoOptions } from './document/undo-manager.ts'
export { CoreError, type CoreErrorCode } from './errors.ts'
export type { Stamp } from './kernel/cell.ts'
export { Container, type Place } from './kernel/container.ts'
export type { Patch, Path } from './kernel/patch.ts'
export type { HandleOf, Spec, TypeTable } from './kernel/spec.ts'
export * as limits from './limits.ts'
export { BoundedCounter } from './types/bounded-counter.ts'
export { DisableWinsFlag } from './types/disable-wins-flag.ts'
export { EnableWinsFlag } from './types/enable-wins-flag.ts'
export { GCounter } from './types/g-counter.ts'
export { GSet } from './types/g-set.ts'
export { LwwRegister } from './types/lww-register.ts'
export { MvRegister } from './types/mv-register.ts'
export { type KeyWrite, OrMap } from './types/or-map.ts'
export { OrSet } from './types/or-set.ts'
export { PnCounter } from './types/pn-counter.ts'
export { Rga } from './types/rga.ts'
export { Struct } from './types/struct.ts'
export { type TypeName, tags } from './types/tags.ts'
export { Text } from './types/text.ts'
export { TwoPhaseSet } from './types/two-phase-set.ts'

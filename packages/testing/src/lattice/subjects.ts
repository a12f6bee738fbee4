/** Every type of core as a stand-alone value. */
import {
  type Actor,
  allTypes,
  BoundedCounter,
  DisableWinsFlag,
  EnableWinsFlag,
  GCounter,
  GSet,
  LwwRegister,
  MvRegister,
  OrMap,
  OrSet,
  PnCounter,
  Rga,
  Text,
  TwoPhaseSet,
} from '@joinery/core'
import { boundedCounterModel, gCounterModel, pnCounterModel } from '../models/counters.ts'
import type { AnyModel } from '../models/model.ts'
import { lwwMapModel, mapOf, structOf } from '../models/records.ts'
import { dwFlagModel, ewFlagModel, lwwModel, mvRegisterModel } from '../models/registers.ts'
import { listModel, listOf, textModel } from '../models/sequences.ts'
import { gSetModel, orSetModel, twoPhaseSetModel } from '../models/sets.ts'
import type { AnySubject } from './subject.ts'

/** A constructor of a stand-alone type with its `decode`. */
interface Type {
  new (actor: Actor): unknown
  decode(bytes: Uint8Array, actor: Actor): unknown
}

function subject(type: Type, model: AnyModel): AnySubject {
  return { model, create: (actor) => new type(actor), decode: (bytes, actor) => type.decode(bytes, actor) }
}

function mapSubject(model: AnyModel, value?: AnyModel): AnySubject {
  return {
    model,
    create: (actor) => new OrMap(actor, value?.spec, allTypes),
    decode: (bytes, actor) => OrMap.decode(bytes, actor, value?.spec, allTypes),
  }
}

function listSubject(value: AnyModel): AnySubject {
  return {
    model: listOf(value),
    create: (actor) => new Rga(actor, value.spec, allTypes),
    decode: (bytes, actor) => Rga.decode(bytes, actor, value.spec, allTypes),
  }
}

const mapOfOne = (value: AnyModel): AnySubject => mapSubject(mapOf(value), value)

/** Each by a name to call its suite by. */
export const standaloneTypes: Readonly<Record<string, AnySubject>> = {
  gcounter: subject(GCounter, gCounterModel),
  pncounter: subject(PnCounter, pnCounterModel),
  bcounter: subject(BoundedCounter, boundedCounterModel),
  gset: subject(GSet, gSetModel),
  '2pset': subject(TwoPhaseSet, twoPhaseSetModel),
  orset: subject(OrSet, orSetModel),
  lww: subject(LwwRegister, lwwModel),
  mvreg: subject(MvRegister, mvRegisterModel),
  ewflag: subject(EnableWinsFlag, ewFlagModel),
  dwflag: subject(DisableWinsFlag, dwFlagModel),
  ormap: mapSubject(lwwMapModel),
  rga: subject(Rga, listModel),
  text: subject(Text, textModel),
  'ormap of gcounter': mapOfOne(gCounterModel),
  'ormap of pncounter': mapOfOne(pnCounterModel),
  'ormap of orset': mapOfOne(orSetModel),
  'ormap of lww': mapOfOne(lwwModel),
  'ormap of mvreg': mapOfOne(mvRegisterModel),
  'ormap of ewflag': mapOfOne(ewFlagModel),
  'ormap of dwflag': mapOfOne(dwFlagModel),
  'ormap of text': mapOfOne(textModel),
  'ormap of rga': mapOfOne(listModel),
  'ormap of ormap': mapOfOne(mapOf(orSetModel)),
  'ormap of struct': mapOfOne(structOf({ count: gCounterModel, title: lwwModel })),
  'ormap of several types': mapSubject(mapOf(gCounterModel, orSetModel, textModel)),
  'rga of struct': listSubject(structOf({ count: gCounterModel, tags: orSetModel })),
  'rga of ormap': listSubject(lwwMapModel),
}

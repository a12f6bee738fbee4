/** Every type where it may stand in a document: as a root field, below a removable key, in a list, nested. */
import { boundedCounterModel, gCounterModel, pnCounterModel } from '../models/counters.ts'
import type { AnyModel } from '../models/model.ts'
import { lwwMapModel, mapOf, structOf } from '../models/records.ts'
import { dwFlagModel, ewFlagModel, lwwModel, mvRegisterModel } from '../models/registers.ts'
import { listModel, listOf, textModel } from '../models/sequences.ts'
import { gSetModel, orSetModel, twoPhaseSetModel } from '../models/sets.ts'

/** Types that can be reset, and therefore stand anywhere. */
const resettable: Readonly<Record<string, AnyModel>> = {
  gcounter: gCounterModel,
  pncounter: pnCounterModel,
  orset: orSetModel,
  lww: lwwModel,
  mvreg: mvRegisterModel,
  ewflag: ewFlagModel,
  dwflag: dwFlagModel,
  ormap: lwwMapModel,
  rga: listModel,
  text: textModel,
}

const record = structOf({ title: lwwModel, count: pnCounterModel, tags: orSetModel })

const below = Object.fromEntries(Object.entries(resettable).map(([name, model]) => [`ormap of ${name}`, mapOf(model)]))

/** Each by a name to call its suite by. */
export const documentTypes: Readonly<Record<string, AnyModel>> = {
  ...resettable,
  bcounter: boundedCounterModel,
  gset: gSetModel,
  '2pset': twoPhaseSetModel,
  struct: structOf({ title: lwwModel, credit: boundedCounterModel, seen: gSetModel, gone: twoPhaseSetModel }),
  ...below,
  'ormap of struct': mapOf(record),
  'ormap of ormap of gcounter': mapOf(mapOf(gCounterModel)),
  'ormap of ormap of orset': mapOf(mapOf(orSetModel)),
  'ormap of rga of struct': mapOf(listOf(record)),
  'ormap of several types': mapOf(gCounterModel, orSetModel, textModel),
  'rga of struct': listOf(record),
  'rga of text': listOf(textModel),
  'rga of ormap': listOf(lwwMapModel),
  'rga of bcounter': listOf(boundedCounterModel),
  'struct of struct': structOf({ inner: record, notes: textModel }),
}

/** Every stand-alone type with its random mutators: what the fuzzer and the golden files are made of. */
import {
  type Actor,
  allTypes,
  BoundedCounter,
  type Container,
  DisableWinsFlag,
  EnableWinsFlag,
  GCounter,
  GSet,
  type JsonValue,
  LwwRegister,
  list,
  lww,
  MvRegister,
  OrMap,
  OrSet,
  orMap,
  PnCounter,
  pnCounter,
  Rga,
  specOf,
  struct,
  Text,
  TwoPhaseSet,
  text,
} from '../../src/index.ts'
import { testActor } from './actors.ts'
import type { Random } from './random.ts'

export interface Kind<C extends Container = Container> {
  readonly name: string
  open(actor: Actor): C
  decode(bytes: Uint8Array, actor: Actor): C
  /** One random mutation. */
  step(value: C, random: Random): void
}

const VALUES: readonly JsonValue[] = [
  null,
  true,
  -7,
  0.5,
  2 ** 40,
  'a',
  'größe',
  '😀',
  [],
  [1, ['x']],
  { b: 1, a: [null], '10': 0 },
]
const KEYS = ['a', 'b', 'ключ', '__proto__']

function kind<C extends Container>(entry: Kind<C>): Kind {
  return entry as unknown as Kind
}

const record = struct({ title: lww<string>(), votes: pnCounter(), tags: list<string>() })
const nested = orMap(orMap(text()))

function editText(value: Text, random: Random): void {
  const at = random.int(value.length + 1)
  if (random.chance(0.7)) attempt(() => value.insert(at, random.pick(['x', 'ab', '日本', '😀', 'hello'])))
  else attempt(() => value.delete(at, Math.min(1 + random.int(3), value.length - at)))
}

/** A position inside a surrogate pair is refused, and that is fine here. */
function attempt(step: () => void): void {
  try {
    step()
  } catch (error) {
    if ((error as { code?: string }).code === undefined) throw error
  }
}

export const kinds: readonly Kind[] = [
  kind({
    name: 'gcounter',
    open: (actor) => new GCounter(actor),
    decode: GCounter.decode,
    step: (value, random) => value.increment(1 + random.int(300)),
  }),
  kind({
    name: 'pncounter',
    open: (actor) => new PnCounter(actor),
    decode: PnCounter.decode,
    step: (value, random) => (random.chance(0.5) ? value.increment(random.int(9) + 1) : value.decrement()),
  }),
  kind({
    name: 'bcounter',
    open: (actor) => new BoundedCounter(actor),
    decode: BoundedCounter.decode,
    step: (value, random) => {
      const choice = random.int(3)
      if (choice === 0 || value.rights() < 2) value.increment(1 + random.int(50))
      else if (choice === 1) value.decrement(1)
      else value.transfer(testActor(`r${3 + random.int(2)}`).id, 1)
    },
  }),
  kind({
    name: 'gset',
    open: (actor) => new GSet(actor),
    decode: GSet.decode,
    step: (value, random) => value.add(random.pick(VALUES)),
  }),
  kind({
    name: '2pset',
    open: (actor) => new TwoPhaseSet(actor),
    decode: TwoPhaseSet.decode,
    step: (value, random) => {
      const elem = random.pick(VALUES)
      if (random.chance(0.3)) value.remove(elem)
      else if (!value.wasRemoved(elem)) value.add(elem)
    },
  }),
  kind({
    name: 'orset',
    open: (actor) => new OrSet(actor),
    decode: OrSet.decode,
    step: (value, random) => {
      if (random.chance(0.3)) value.remove(random.pick(VALUES))
      else value.add(random.pick(VALUES))
    },
  }),
  kind({
    name: 'lww',
    open: (actor) => new LwwRegister(actor),
    decode: LwwRegister.decode,
    step: (value, random) => value.set(random.pick(VALUES), random.chance(0.2) ? { replica: 'web' } : undefined),
  }),
  kind({
    name: 'mvreg',
    open: (actor) => new MvRegister(actor),
    decode: MvRegister.decode,
    step: (value, random) => value.set(random.pick(VALUES)),
  }),
  kind({
    name: 'ewflag',
    open: (actor) => new EnableWinsFlag(actor),
    decode: EnableWinsFlag.decode,
    step: (value, random) => (random.chance(0.5) ? value.enable() : value.disable()),
  }),
  kind({
    name: 'dwflag',
    open: (actor) => new DisableWinsFlag(actor),
    decode: DisableWinsFlag.decode,
    step: (value, random) => (random.chance(0.5) ? value.enable() : value.disable()),
  }),
  kind<OrMap>({
    name: 'ormap',
    open: (actor) => new OrMap(actor, undefined, allTypes),
    decode: (bytes, actor) => OrMap.decode(bytes, actor, undefined, allTypes),
    step: (value, random) => {
      const key = random.pick(KEYS)
      const choice = random.int(6)
      if (choice === 0) value.remove(key)
      else if (choice < 3) value.setLww(key, random.pick(VALUES))
      else if (choice === 3) value.open(key, specOf<PnCounter>('pncounter')).increment(3)
      else if (choice === 4) editText(value.open(key, nested).open('t').open('u'), random)
      else value.open(key, specOf<OrSet>('orset')).add(random.pick(VALUES))
    },
  }),
  kind<Rga>({
    name: 'rga',
    open: (actor) => new Rga(actor, undefined, allTypes),
    decode: (bytes, actor) => Rga.decode(bytes, actor, undefined, allTypes),
    step: (value, random) => {
      const at = random.int(value.length + 1)
      const choice = random.int(7)
      if (choice === 6 && at < value.length) value.move(at, random.int(value.length))
      else if (choice < 3) value.insert(at, random.pick(VALUES), random.pick(VALUES))
      else if (choice === 3) value.create(at, record).title.set('t')
      else if (choice === 4) editText(value.create(at, specOf<Text>('text')), random)
      else if (at < value.length) value.delete(at)
    },
  }),
  kind({
    name: 'text',
    open: (actor) => new Text(actor),
    decode: Text.decode,
    step: editText,
  }),
]

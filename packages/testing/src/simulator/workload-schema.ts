/** The documents that simulated nodes write: one field of each kind of conflict. */
import {
  defineSchema,
  type LwwRegister,
  lww,
  type OrSet,
  orSet,
  type PnCounter,
  pnCounter,
  type Schema,
  type Spec,
  type Text,
  text,
} from '@joinery/core'

export type SimFields = {
  readonly items: Spec<OrSet<string>>
  readonly votes: Spec<PnCounter>
  readonly title: Spec<LwwRegister<string>>
  readonly notes: Spec<Text>
}
const fields: SimFields = { items: orSet<string>(), votes: pnCounter(), title: lww<string>(), notes: text() }
export const simSchema: Schema<SimFields> = defineSchema(fields)

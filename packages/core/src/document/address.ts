/** Where a container stands, in words that outlive the process and what undo brought back in its place. */
import type { Container, Effect, Inverse } from '../kernel/container.ts'

/** Steps and types that lead from the root to a container, elements of lists by their ids. */
export type Address = readonly (string | number)[]

/** An effect on what stands at an address. */
export interface AddressedEffect {
  readonly address: Address
  readonly inverse: Inverse
}

export function addressed([container, inverse]: Effect): AddressedEffect {
  const address: (string | number)[] = []
  for (let child = container; child.place.parent !== undefined; child = child.place.parent) {
    const { parent, step } = child.place
    address.push(child.tag, parent.stepName?.(step) ?? step)
  }
  return { address: address.reverse(), inverse }
}

/** Takes back an effect, on the copy that undo brought back in the container's place if there is one, where it shows. */
export function revert(root: Container, { address, inverse }: AddressedEffect): void {
  let container: Container | undefined = root
  for (let i = 0; i < address.length && container !== undefined; i += 2) {
    const [step, tag] = [`${address[i]}`, Number(address[i + 1])]
    container = container.childAt === undefined ? container.find?.(step, tag) : container.childAt(step, tag)
  }
  if (container?.shows()) container.revert?.(inverse)
}

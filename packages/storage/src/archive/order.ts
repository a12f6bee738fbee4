import { compareUtf8 } from '@joinery/core'
import type { StoreItem } from './items.ts'

/** Checks that items come in the order of a store, none of them twice. */
export class Order {
  #last: readonly string[] = []

  /** False when the item does not come after the one before. */
  take(item: StoreItem): boolean {
    const place = placeOf(item)
    const comes = compare(place, this.#last) > 0
    this.#last = place
    return comes
  }
}

/** Values come last; of a tenant, documents come before receipts. */
function placeOf(item: StoreItem): readonly string[] {
  switch (item.type) {
    case 'document':
      return ['tenant', item.document.head.key.tenant, 'document', item.document.head.key.id]
    case 'receipt':
      return ['tenant', item.receipt.tenant, 'receipt', item.receipt.scope, item.receipt.key]
    case 'value':
      return ['value', item.name]
  }
}

function compare(a: readonly string[], b: readonly string[]): number {
  for (const [i, part] of a.entries()) {
    const other = b[i]
    if (other === undefined) return 1
    const order = compareUtf8(part, other)
    if (order !== 0) return order
  }
  return a.length - b.length
}

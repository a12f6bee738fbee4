/**
 * Something that all connections share, such as memory: so much in all, and so much of it for one tenant, so that no tenant
 * takes everything.
 */
export class Budget {
  readonly #max: number
  readonly #tenantMax: number
  /** Tenants that hold something. */
  readonly #tenants = new Map<string, number>()
  #used = 0

  /** @param tenantMax the share of one tenant. */
  constructor(max: number, tenantMax: number) {
    this.#max = max
    this.#tenantMax = tenantMax
  }

  /** What is held now. */
  get used(): number {
    return this.#used
  }

  /** What a tenant holds now. */
  heldBy(tenant: string): number {
    return this.#tenants.get(tenant) ?? 0
  }

  /** Whether not even a tenant that holds nothing could take so much. */
  isFull(amount: number): boolean {
    return this.#used + amount > this.#max
  }

  /** Takes an amount, until what it answers is called; undefined, and then nothing was taken, where there is not enough left. */
  take(tenant: string, amount: number): (() => void) | undefined {
    const held = this.heldBy(tenant)
    if (this.isFull(amount) || held + amount > this.#tenantMax) return undefined
    this.#used += amount
    this.#tenants.set(tenant, held + amount)
    let isHeld = true
    return () => {
      if (!isHeld) return
      isHeld = false
      this.#giveBack(tenant, amount)
    }
  }

  #giveBack(tenant: string, amount: number): void {
    this.#used -= amount
    const left = this.heldBy(tenant) - amount
    if (left > 0) this.#tenants.set(tenant, left)
    else this.#tenants.delete(tenant)
  }
}

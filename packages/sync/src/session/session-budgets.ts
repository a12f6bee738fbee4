/** What the sessions of one host share. */
import { Budget } from './budget.ts'
import type { SessionLimits } from './limits.ts'

export interface SessionBudgets {
  /** Bytes of batches that have begun to arrive and are not stored. */
  readonly pending: Budget
  /** Documents that are followed, counted per connection. */
  readonly subscriptions: Budget
}

export function sessionBudgets(limits: SessionLimits): SessionBudgets {
  return {
    pending: new Budget(limits.pendingBytesMax, limits.pendingTenantBytesMax),
    subscriptions: new Budget(limits.subscriptionsMax, limits.subscriptionsTenantMax),
  }
}

import type { DeliverySummary } from '@pulse/contract'

/** A delivery as a query gives it, in the names of the wire. */
export interface SummaryRow
  extends Omit<DeliverySummary, 'createdAt' | 'settledAt' | 'nextAttemptAt'> {
  readonly createdAt: Date
  readonly settledAt: Date | null
  readonly nextAttemptAt: Date | null
}

/** A delivery as it is told to people, fields named one by one: a row may hold more. */
export const summaryOf = (row: SummaryRow): DeliverySummary => ({
  id: row.id,
  destination: row.destination,
  destinationName: row.destinationName,
  event: row.event,
  alert: row.alert,
  device: row.device,
  title: row.title,
  state: row.state,
  attempts: row.attempts,
  createdAt: row.createdAt.toISOString(),
  settledAt: row.settledAt?.toISOString() ?? null,
  nextAttemptAt: row.nextAttemptAt?.toISOString() ?? null,
  lastStatus: row.lastStatus,
  lastError: row.lastError,
})

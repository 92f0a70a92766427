import { type Database, inTenant } from '#platform'
import type { Range } from './deliveries.ts'

/** How deliveries went within a range, by when they settled. */
export interface DeliveryFigures {
  readonly settled: number
  readonly succeeded: number
  /** From the event to the answer that said yes; replays, which a person timed, do not count. */
  readonly p99Ms: number | null
  readonly deadLetters: number
}

export const readFigures = (
  db: Database,
  tenant: number,
  { from, to }: Range,
): Promise<DeliveryFigures> =>
  inTenant(db, tenant, async (sql) => {
    const [row] = await sql<DeliveryFigures[]>`
      select count(*) as settled,
             count(*) filter (where state = 'delivered') as succeeded,
             count(*) filter (where state = 'dead') as "deadLetters",
             percentile_cont(0.99) within group (
               order by extract(epoch from settled_at - created_at)::float8 * 1000)
               filter (where state = 'delivered' and replayed_at is null) as "p99Ms"
        from actions.delivery
       where settled_at >= ${new Date(from)} and settled_at < ${new Date(to)}`
    return row ?? { settled: 0, succeeded: 0, p99Ms: null, deadLetters: 0 }
  })

/** How many settled in each of `buckets` equal parts of a range. */
export const readHistory = (
  db: Database,
  tenant: number,
  { from, to }: Range,
  buckets: number,
): Promise<readonly number[]> =>
  inTenant(db, tenant, async (sql) => {
    const rows = await sql<{ bucket: number; count: number }[]>`
      select width_bucket(extract(epoch from settled_at)::float8 * 1000, ${from}::float8, ${to}::float8,
                          ${buckets}::int) as bucket,
             count(*) as count
        from actions.delivery
       where settled_at >= ${new Date(from)} and settled_at < ${new Date(to)}
       group by 1`
    const counts = Array.from({ length: buckets }, () => 0)
    for (const { bucket, count } of rows) counts[bucket - 1] = count
    return counts
  })

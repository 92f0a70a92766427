import type { Overview } from '@pulse/contract'
import type { PipelineSql, TenantSql } from '#platform'

/** One minute of a tenant. */
export interface HistorySample {
  readonly tenant: number
  /** How long it tells of. */
  readonly seconds: number
  readonly online: number
  readonly total: number
  readonly alerts: number
  readonly messages: number
  readonly refused: number
  readonly settled: number
  readonly succeeded: number
}

export const insertHistory = (
  sql: PipelineSql,
  samples: readonly HistorySample[],
  atMs: number,
) => sql`
  insert into fleet.history
         (tenant, at, seconds, online, total, alerts, messages, refused, settled, succeeded)
  select tenant, ${new Date(atMs)}, seconds, online, total, alerts, messages, refused, settled, succeeded
    from json_to_recordset(${JSON.stringify(samples)}::text::json) as r(
      tenant bigint, seconds real, online int, total int, alerts int, messages bigint,
      refused bigint, settled int, succeeded int)
  on conflict (tenant, at) do nothing`

export const pruneHistory = (sql: PipelineSql, beforeMs: number) =>
  sql`delete from fleet.history where at < ${new Date(beforeMs)}`

const BUCKETS = 48
/** Samples are a little more than a minute apart: no bucket may fall between two. */
const MIN_BUCKET_MS = 90_000

interface BucketRow {
  readonly bucket: number
  readonly online: number | null
  readonly alerts: number
  readonly messages: number | null
  readonly deliveries: number | null
}

/**
 * The past in 48 buckets: online in percent, open alerts at most, messages a second, deliveries
 * that succeeded in percent. It begins with the first sample, so that a young fleet has a curve
 * too; `at` says when each bucket begins. Buckets without a sample are null.
 */
export async function selectHistory(
  sql: TenantSql,
  range: { readonly fromMs: number; readonly toMs: number },
): Promise<Overview['history']> {
  const [first] = await sql<{ at: Date | null }[]>`
    select min(at) as at from fleet.history where at >= ${new Date(range.fromMs)}`
  const begunMs = first?.at?.getTime() ?? range.fromMs
  const widthMs = Math.max(MIN_BUCKET_MS, Math.ceil((range.toMs - begunMs) / BUCKETS))
  const fromMs = range.toMs - widthMs * BUCKETS
  const rows = await sql<BucketRow[]>`
    select floor((extract(epoch from at)::float8 * 1000 - ${fromMs}::float8) / ${widthMs}::float8)::int as bucket,
           (avg(100.0 * online / nullif(total, 0)))::float8 as online,
           max(alerts) as alerts,
           (sum(messages) / nullif(sum(seconds), 0))::float8 as messages,
           (100.0 * sum(succeeded) / nullif(sum(settled), 0))::float8 as deliveries
      from fleet.history
     where at >= ${new Date(fromMs)} and at < ${new Date(range.toMs)}
     group by bucket`
  const byBucket = new Map(rows.map((row) => [row.bucket, row]))
  const buckets = Array.from({ length: BUCKETS }, (_, index) => index)
  const column = (of: (row: BucketRow) => number | null) =>
    buckets.map((bucket) => {
      const row = byBucket.get(bucket)
      return row ? of(row) : null
    })
  return {
    at: buckets.map((bucket) => new Date(fromMs + bucket * widthMs).toISOString()),
    online: column((row) => row.online),
    alerts: column((row) => row.alerts),
    messages: column((row) => row.messages),
    deliveries: column((row) => row.deliveries),
  }
}

import type { Series, Severity, StoredMessage } from '@pulse/contract'
import type { PipelineSql, TenantSql } from '#platform'

export interface SeriesQuery {
  readonly device: number
  readonly metrics: readonly string[]
  readonly fromMs: number
  readonly toMs: number
  /** Point budget per metric. */
  readonly points: number
}

interface Bucket {
  readonly metric: string
  readonly bucket: number
  readonly n: number
  readonly mean: number
  readonly min: number
  readonly max: number
}

/**
 * Reads metrics of one device over a range: every value when at most `points` of each are there,
 * else buckets of equal width with mean, minimum and maximum. Buckets without a value are `null`:
 * a gap stays a gap. Booleans count as 0 and 1, texts are left out.
 */
export async function readSeries(sql: TenantSql, query: SeriesQuery): Promise<Series[]> {
  const raw = await readRaw(sql, query)
  if (raw) return query.metrics.map((metric) => raw.get(metric) ?? emptySeries(metric))
  const bucketMs = Math.max(1, Math.ceil((query.toMs - query.fromMs) / query.points))
  const rows = await readBuckets(sql, query, bucketMs)
  return query.metrics.map((metric) => bucketSeries(metric, query, bucketMs, rows))
}

const emptySeries = (metric: string): Series => ({
  metric,
  mode: 'raw',
  bucketMs: 0,
  t: [],
  mean: [],
})

/** The raw values, or undefined when the range holds more messages than the budget. */
async function readRaw(
  sql: TenantSql,
  query: SeriesQuery,
): Promise<Map<string, Series> | undefined> {
  const rows = await sql<{ t: number; data: Record<string, unknown> }[]>`
    select (extract(epoch from ts) * 1000)::float8 as t, data
      from stream.message
     where device = ${query.device}
       and ts >= ${new Date(query.fromMs)} and ts < ${new Date(query.toMs)}
       and kind = 't'
     order by ts
     limit ${query.points + 1}`
  if (rows.length > query.points) return undefined
  const made = new Map(
    query.metrics.map((metric) => [
      metric,
      { ...emptySeries(metric), t: [] as number[], mean: [] as number[] },
    ]),
  )
  for (const { t, data } of rows) {
    for (const [metric, series] of made) {
      const value = Object.hasOwn(data, metric) ? data[metric] : undefined
      if (typeof value !== 'number' && typeof value !== 'boolean') continue
      series.t.push(t)
      series.mean.push(Number(value))
    }
  }
  return made
}

function readBuckets(sql: TenantSql, query: SeriesQuery, bucketMs: number): Promise<Bucket[]> {
  return sql<Bucket[]>`
    with point as (
      select name as metric,
             floor((extract(epoch from ts)::float8 * 1000 - ${query.fromMs}::float8) / ${bucketMs}::float8)::int as bucket,
             case json_typeof(data -> name)
               when 'number' then (data ->> name)::float8
               when 'boolean' then (data ->> name)::boolean::int::float8
             end as value
        from stream.message
       cross join unnest(${query.metrics as string[]}::text[]) as name
       where device = ${query.device}
         and ts >= ${new Date(query.fromMs)} and ts < ${new Date(query.toMs)}
         and kind = 't')
    select metric, bucket, count(*)::int as n, avg(value) as mean, min(value) as min, max(value) as max
      from point
     where value is not null
     group by metric, bucket
     order by metric, bucket`
}

function bucketSeries(
  metric: string,
  query: SeriesQuery,
  bucketMs: number,
  rows: readonly Bucket[],
): Series {
  const count = Math.ceil((query.toMs - query.fromMs) / bucketMs)
  const gap = (): (number | null)[] => new Array<number | null>(count).fill(null)
  const [mean, min, max] = [gap(), gap(), gap()]
  for (const row of rows) {
    if (row.metric !== metric || row.bucket < 0 || row.bucket >= count) continue
    mean[row.bucket] = row.mean
    min[row.bucket] = row.min
    max[row.bucket] = row.max
  }
  const t = Array.from({ length: count }, (_, index) => query.fromMs + (index + 0.5) * bucketMs)
  return { metric, mode: 'buckets', bucketMs, t, mean, min, max }
}

/** Names of the metrics that a device sent in a range, from its newest 200 messages. */
export async function metricNames(
  sql: TenantSql,
  query: Omit<SeriesQuery, 'metrics'>,
): Promise<string[]> {
  const rows = await sql<{ name: string }[]>`
    select distinct k as name
      from (select data from stream.message
             where device = ${query.device} and kind = 't'
               and ts >= ${new Date(query.fromMs)} and ts < ${new Date(query.toMs)}
             order by ts desc limit 200) newest,
           json_object_keys(newest.data) k
     order by 1
     limit 12`
  return rows.map((row) => row.name)
}

const kinds = { t: 'telemetry', e: 'event', s: 'status' } as const

/** The last instant whose text PostgreSQL reads: years have four digits. */
const LAST_MS = Date.UTC(9999, 11, 31)

/** The newest messages of a device, newest first. `before` pages on: an instant in epoch ms. */
export async function readMessages(
  sql: TenantSql,
  device: { readonly id: number; readonly key: string },
  options: {
    readonly limit: number
    readonly kind?: 't' | 'e' | 's'
    readonly fromMs?: number
    readonly toMs?: number
  },
): Promise<StoredMessage[]> {
  const rows = await sql<
    {
      id: string
      kind: keyof typeof kinds
      ts: Date
      receivedAt: Date
      data: StoredMessage['data']
    }[]
  >`
    select id, kind, ts, received_at as "receivedAt", data
      from stream.message
     where device = ${device.id}
       and ts >= ${new Date(options.fromMs ?? 0)} and ts < ${new Date(options.toMs ?? LAST_MS)}
       ${options.kind ? sql`and kind = ${options.kind}` : sql``}
     order by ts desc, id desc
     limit ${options.limit}`
  return rows.map((row) => ({
    device: device.key as StoredMessage['device'],
    id: row.id,
    kind: kinds[row.kind],
    ts: row.ts.toISOString(),
    receivedAt: row.receivedAt.toISOString(),
    data: row.data,
  }))
}

interface DeviceEvent {
  readonly at: string
  readonly name: string
  readonly severity: Severity | null
  readonly message: string | null
}

/** The newest 500 events that a device sent within a range, oldest first. */
export async function readEvents(
  sql: TenantSql,
  device: number,
  fromMs: number,
  toMs: number,
): Promise<DeviceEvent[]> {
  const rows = await sql<
    { at: Date; name: string; severity: Severity | null; message: string | null }[]
  >`
    select ts as at, data ->> 'name' as name, data ->> 'severity' as severity, data ->> 'message' as message
      from stream.message
     where device = ${device} and kind = 'e'
       and ts >= ${new Date(fromMs)} and ts < ${new Date(toMs)}
     order by ts desc
     limit 500`
  return rows.reverse().map((row) => ({ ...row, at: row.at.toISOString() }))
}

/** One metric of many devices over a range, `buckets` means each; for small curves in lists. */
export async function readSparks(
  sql: TenantSql,
  wanted: readonly { readonly device: number; readonly metric: string }[],
  range: { readonly fromMs: number; readonly toMs: number; readonly buckets: number },
): Promise<Map<number, (number | null)[]>> {
  const width = (range.toMs - range.fromMs) / range.buckets
  const rows = await sql<{ device: number; bucket: number; mean: number }[]>`
    select m.device,
           floor((extract(epoch from m.ts)::float8 * 1000 - ${range.fromMs}::float8) / ${width}::float8)::int as bucket,
           avg((m.data ->> w.metric)::float8) as mean
      from json_to_recordset(${JSON.stringify(wanted)}::text::json) as w(device bigint, metric text)
      join stream.message m on m.device = w.device
       and m.ts >= ${new Date(range.fromMs)} and m.ts < ${new Date(range.toMs)}
     where m.kind = 't' and json_typeof(m.data -> w.metric) = 'number'
     group by m.device, bucket`
  const made = new Map(
    wanted.map(({ device }) => [device, new Array<number | null>(range.buckets).fill(null)]),
  )
  for (const { device, bucket, mean } of rows) {
    const values = made.get(device)
    if (values && bucket >= 0 && bucket < range.buckets) values[bucket] = mean
  }
  return made
}

interface ArrivalRow {
  readonly device: number
  readonly ts: number
  readonly id: string
  readonly kind: keyof typeof kinds
  readonly receivedAt: number
  readonly data: Readonly<Record<string, never>>
  readonly seq: number | null
}

/**
 * Messages received after `afterMicros` (epoch microseconds), in that order, 5,000 at a time. The
 * block-range index on `received_at` finds them; the planner, which knows nothing of a partition
 * that was made today, would read whole partitions instead.
 */
export async function* readArrivals(
  sql: PipelineSql,
  afterMicros: number,
): AsyncIterable<readonly ArrivalRow[]> {
  await sql`set enable_seqscan = off`
  yield* sql<ArrivalRow[]>`
    select device, (extract(epoch from ts) * 1000)::float8 as ts, id, kind,
           (extract(epoch from received_at) * 1000000)::float8 as "receivedAt",
           data, (extra ->> 'seq')::bigint as seq
      from stream.message
     where received_at > to_timestamp(${afterMicros}::float8 / 1000000.0::float8)
     order by received_at`.cursor(5000)
  await sql`set enable_seqscan = on`
}

import type { DeviceRow, DeviceStatus, MetricValue, Severity } from '@pulse/contract'
import type postgres from 'postgres'
import type { TenantSql } from '#platform'
import type { Cursor, DeviceSort } from './cursor.ts'

type Fragment = postgres.Fragment

/** A row of the device index as it is read. */
export interface IndexRow {
  readonly id: number
  readonly key: string
  readonly name: string
  readonly type: string
  readonly site: string | null
  readonly tags: Readonly<Record<string, string>>
  readonly status: DeviceStatus
  readonly lastMessageAt: Date | null
  readonly firmware: string | null
  readonly critical: number
  readonly warning: number
  readonly info: number
  readonly alertOrder: number
  readonly worstTitle: string | null
  readonly worstSeverity: Severity | null
  readonly readingMetric: string | null
  readonly readingValue: MetricValue | null
}

/** A device of a list, with the id by which other modules know it. */
export type FoundDevice = DeviceRow & { readonly id: number }

const indexColumns = (sql: TenantSql): Fragment => sql`
  i.device as id, i.key, i.name, i.type, i.site, i.tags, i.status,
  nullif(i.last_message_at, '-infinity') as "lastMessageAt", i.firmware,
  i.critical, i.warning, i.info, i.alert_order as "alertOrder", i.worst_title as "worstTitle",
  i.worst_severity as "worstSeverity", i.reading_metric as "readingMetric",
  i.reading_value as "readingValue"`

/** Keys were checked when the device was registered. */
type Key = DeviceRow['key']

export const rowOf = (row: IndexRow): FoundDevice => ({
  id: row.id,
  key: row.key as Key,
  name: row.name,
  type: row.type,
  site: row.site,
  tags: row.tags,
  status: row.status,
  lastMessageAt: row.lastMessageAt?.toISOString() ?? null,
  firmware: row.firmware,
  alerts: { critical: row.critical, warning: row.warning, info: row.info },
  worstAlert:
    row.worstTitle === null || row.worstSeverity === null
      ? null
      : { title: row.worstTitle, severity: row.worstSeverity },
  reading:
    row.readingMetric === null || row.readingValue === null
      ? null
      : { metric: row.readingMetric, value: row.readingValue },
})

/** The cursor at which a list sorted so goes on after this row. */
export const cursorOf = (sort: DeviceSort, row: IndexRow): Cursor => {
  if (sort === 'alerts') return { key: row.key, value: row.alertOrder }
  if (sort === 'key' || sort === '-key') return { key: row.key, value: null }
  return { key: row.key, value: row.lastMessageAt?.getTime() ?? null }
}

interface PageFacts {
  readonly sort: DeviceSort
  readonly after: Cursor | undefined
  readonly limit: number
}

/** One row more than the page holds, if there is one. Each order is that of an index. */
export function selectPage(sql: TenantSql, where: Fragment, { sort, after, limit }: PageFacts) {
  const { past, order } = keyset(sql, sort, after)
  return sql<IndexRow[]>`
    select ${indexColumns(sql)} from registry.device_index i
     where ${where} and ${past} order by ${order} limit ${limit + 1}`
}

function keyset(sql: TenantSql, sort: DeviceSort, after: Cursor | undefined) {
  const all = sql`true`
  switch (sort) {
    case 'key':
      return { past: after ? sql`i.key > ${after.key}` : all, order: sql`i.key` }
    case '-key':
      return { past: after ? sql`i.key < ${after.key}` : all, order: sql`i.key desc` }
    case 'lastMessage': {
      const past = after
        ? sql`(i.last_message_at, i.key) > (${seen(sql, after)}, ${after.key})`
        : all
      return { past, order: sql`i.last_message_at, i.key` }
    }
    case '-lastMessage': {
      const past = after
        ? sql`(i.last_message_at, i.key) < (${seen(sql, after)}, ${after.key})`
        : all
      return { past, order: sql`i.last_message_at desc, i.key desc` }
    }
    case 'alerts': {
      const past = after
        ? sql`(i.alert_order, i.key) > (${after.value ?? 0}::bigint, ${after.key})`
        : all
      return { past, order: sql`i.alert_order, i.key` }
    }
  }
}

const seen = (sql: TenantSql, { value }: Cursor): Fragment =>
  value === null ? sql`'-infinity'::timestamptz` : sql`${new Date(value)}::timestamptz`

/** How many devices match `where`; all of the tenant's without it. */
export async function selectCount(sql: TenantSql, where?: Fragment): Promise<number> {
  const [row] = await sql<{ count: number }[]>`
    select count(*) as count from registry.device_index i where ${where ?? sql`true`}`
  return row?.count ?? 0
}

export async function selectDevice(
  sql: TenantSql,
  key: string,
): Promise<(IndexRow & { readonly createdAt: Date }) | undefined> {
  const [row] = await sql<(IndexRow & { readonly createdAt: Date })[]>`
    select ${indexColumns(sql)}, d.created_at as "createdAt"
      from registry.device_index i
      join registry.device d on d.id = i.device and d.tenant = i.tenant
     where i.key = ${key}`
  return row
}

export const selectByKeys = (sql: TenantSql, keys: readonly string[]) => sql<IndexRow[]>`
  select ${indexColumns(sql)} from registry.device_index i
   where i.key = any(${keys as string[]}::text[])`

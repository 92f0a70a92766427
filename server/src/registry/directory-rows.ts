import type { PipelineSql } from '#platform'
import type { Device, Tenant } from './device.ts'

export interface TenantRow {
  readonly id: number
  readonly key: string
  readonly name: string
  readonly region: string
  readonly retentionDays: number
  readonly suspended: boolean
}

export interface DeviceRow {
  readonly id: number
  readonly tenantKey: string
  readonly key: string
  readonly name: string
  readonly type: string
  readonly site: string | null
  readonly tags: Readonly<Record<string, string>>
  readonly staleAfterS: number
  readonly offlineAfterS: number
  readonly readingMetric: string | null
}

/** A token as a login needs it, with its device. */
export interface CredentialRow extends DeviceRow {
  readonly credential: string
  readonly hash: Buffer
  readonly lastUsedAt: Date | null
  readonly revoked: boolean
}

export const selectTenants = (sql: PipelineSql, keys: readonly string[]) => sql<TenantRow[]>`
  select id, key, name, region, retention_days as "retentionDays", suspended
    from registry.tenant where key = any(${keys as string[]}::text[])`

const deviceColumns = (sql: PipelineSql) => sql`
  d.id, t.key as "tenantKey", d.key, d.name, d.type, d.site, d.tags,
  y.stale_after_s as "staleAfterS", y.offline_after_s as "offlineAfterS",
  y.metrics -> 0 ->> 'name' as "readingMetric"`

/** Devices by `{tenant}/{device}`. */
export const selectDevicesByName = (sql: PipelineSql, names: readonly string[]) => sql<DeviceRow[]>`
  select ${deviceColumns(sql)}
    from unnest(${names as string[]}::text[]) as w(name)
    join registry.tenant t on t.key = split_part(w.name, '/', 1)
    join registry.device d on d.tenant = t.id and d.key = substr(w.name, strpos(w.name, '/') + 1)
    join registry.device_type y on y.tenant = d.tenant and y.key = d.type`

export const selectDevicesById = (sql: PipelineSql, ids: readonly number[]) => sql<DeviceRow[]>`
  select ${deviceColumns(sql)}
    from registry.device d
    join registry.tenant t on t.id = d.tenant
    join registry.device_type y on y.tenant = d.tenant and y.key = d.type
   where d.id = any(${ids as number[]}::bigint[])`

export const selectCredentials = (sql: PipelineSql, ids: readonly string[]) => sql<CredentialRow[]>`
  select k.id as credential, k.hash, k.last_used_at as "lastUsedAt",
         k.revoked_at is not null as revoked, ${deviceColumns(sql)}
    from registry.device_token k
    join registry.device d on d.id = k.device and d.tenant = k.tenant
    join registry.tenant t on t.id = d.tenant
    join registry.device_type y on y.tenant = d.tenant and y.key = d.type
   where k.id = any(${ids as string[]}::text[])`

/** Notes when tokens were last used; `usedAtMs` goes pairwise with `credentials`. */
export const updateTokenUse = (
  sql: PipelineSql,
  credentials: readonly string[],
  usedAtMs: readonly number[],
) => sql`
  update registry.device_token k
     set last_used_at = to_timestamp(w.at / 1000.0)
    from unnest(${credentials as string[]}::text[], ${usedAtMs as number[]}::bigint[]) as w(id, at)
   where k.id = w.id and (k.last_used_at is null or k.last_used_at < to_timestamp(w.at / 1000.0))`

export const tenantOfRow = (row: TenantRow): Tenant => ({
  id: row.id,
  key: row.key,
  name: row.name,
  region: row.region,
  retentionMs: row.retentionDays * 86_400_000,
  suspended: row.suspended,
})

export const deviceOfRow = (row: DeviceRow, tenant: Tenant): Device => ({
  id: row.id,
  tenant,
  key: row.key,
  name: row.name,
  type: row.type,
  site: row.site,
  tags: row.tags,
  staleAfterMs: row.staleAfterS * 1000,
  offlineAfterMs: row.offlineAfterS * 1000,
  readingMetric: row.readingMetric,
})

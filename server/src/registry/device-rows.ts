import type { DeviceToken, DeviceType, Site } from '@pulse/contract'
import type { TenantSql } from '#platform'
import { fold, termsOf } from './terms.ts'

export interface DeviceDraft {
  readonly key: string
  readonly name: string
  readonly type: string
  readonly site: string | null
  readonly tags: Readonly<Record<string, string>>
}

/**
 * Inserts devices with their index row and terms in one statement; those whose key exists are
 * left as they are. Answers the new ones.
 */
export async function insertDevices(
  sql: TenantSql,
  drafts: readonly DeviceDraft[],
  atMs: number,
): Promise<{ id: number; key: string }[]> {
  const rows = JSON.stringify(
    drafts.map((draft) => ({ ...draft, folded: fold(draft.name), terms: termsOf(draft) })),
  )
  return sql<{ id: number; key: string }[]>`
    with draft as (
      select * from json_to_recordset(${rows}::text::json)
        as r(key text, name text, folded text, type text, site text, tags jsonb, terms json)
    ), created as (
      insert into registry.device (key, name, type, site, tags, created_at)
      select key, name, type, site, tags, ${new Date(atMs)} from draft
      on conflict (tenant, key) do nothing
      returning id, key
    ), indexed as (
      insert into registry.device_index (device, key, name, name_folded, type, site, tags)
      select c.id, c.key, d.name, d.folded, d.type, d.site, d.tags from created c join draft d using (key)
    ), filed as (
      insert into registry.term (device, term)
      select c.id, t.term
        from created c join draft d using (key), json_array_elements_text(d.terms) as t(term)
    )
    select id, key from created`
}

export const selectDeviceIds = (sql: TenantSql, keys: readonly string[]) => sql<
  { id: number; key: string }[]
>`
  select id, key from registry.device where key = any(${keys as string[]}::text[])`

/** Keys of types and sites that are named but unknown. */
export async function selectUnknown(
  sql: TenantSql,
  types: readonly string[],
  sites: readonly string[],
): Promise<{ type: string | null; site: string | null }> {
  const [row] = await sql<{ type: string | null; site: string | null }[]>`
    select (select w.key from unnest(${types as string[]}::text[]) as w(key)
             where not exists (select from registry.device_type y where y.key = w.key) limit 1) as type,
           (select w.key from unnest(${sites as string[]}::text[]) as w(key)
             where not exists (select from registry.site s where s.key = w.key) limit 1) as site`
  return row ?? { type: null, site: null }
}

/** True when it was new or has changed. */
export async function upsertSite(sql: TenantSql, site: Site): Promise<boolean> {
  const rows = await sql`
    insert into registry.site as s (key, name, name_folded, lat, lon)
    values (${site.key}, ${site.name}, ${fold(site.name)}, ${site.lat}, ${site.lon})
    on conflict (tenant, key) do update
       set name = excluded.name, name_folded = excluded.name_folded, lat = excluded.lat, lon = excluded.lon
     where (s.name, s.lat, s.lon) is distinct from (excluded.name, excluded.lat, excluded.lon)
    returning key`
  return rows.length > 0
}

/** True when it was new or has changed. */
export async function upsertType(sql: TenantSql, type: DeviceType): Promise<boolean> {
  const rows = await sql`
    insert into registry.device_type as t (key, name, stale_after_s, offline_after_s, metrics)
    values (${type.key}, ${type.name}, ${type.staleAfterS}, ${type.offlineAfterS},
            ${JSON.stringify(type.metrics)}::text::jsonb)
    on conflict (tenant, key) do update
       set name = excluded.name, stale_after_s = excluded.stale_after_s,
           offline_after_s = excluded.offline_after_s, metrics = excluded.metrics
     where (t.name, t.stale_after_s, t.offline_after_s, t.metrics)
           is distinct from (excluded.name, excluded.stale_after_s, excluded.offline_after_s, excluded.metrics)
    returning key`
  return rows.length > 0
}

/** Sites in order of their keys; one of them when `key` is given, locked until the transaction ends. */
export const selectSites = (sql: TenantSql, key?: string) => sql<Site[]>`
  select key, name, lat, lon from registry.site
   ${key === undefined ? sql`order by key` : sql`where key = ${key} for update`}`

/** Device types, as {@link selectSites}. */
export const selectTypes = (sql: TenantSql, key?: string) => sql<DeviceType[]>`
  select key, name, stale_after_s as "staleAfterS", offline_after_s as "offlineAfterS", metrics
    from registry.device_type
   ${key === undefined ? sql`order by key` : sql`where key = ${key} for update`}`

export interface TokenDraft {
  readonly id: string
  readonly device: number
  readonly hash: Buffer
}

export const insertTokens = (sql: TenantSql, drafts: readonly TokenDraft[], atMs: number) => sql`
  insert into registry.device_token (id, device, hash, created_at)
  select r.id, r.device, decode(r.hash, 'hex'), ${new Date(atMs)}
    from json_to_recordset(${JSON.stringify(
      drafts.map((draft) => ({ ...draft, hash: draft.hash.toString('hex') })),
    )}::text::json) as r(id text, device bigint, hash text)`

export async function selectTokens(sql: TenantSql, device: number): Promise<DeviceToken[]> {
  const rows = await sql<
    { id: string; createdAt: Date; lastUsedAt: Date | null; revokedAt: Date | null }[]
  >`
    select id, created_at as "createdAt", last_used_at as "lastUsedAt", revoked_at as "revokedAt"
      from registry.device_token where device = ${device} order by created_at desc, id`
  return rows.map((row) => ({
    id: row.id,
    createdAt: row.createdAt.toISOString(),
    lastUsedAt: row.lastUsedAt?.toISOString() ?? null,
    revokedAt: row.revokedAt?.toISOString() ?? null,
  }))
}

/** `undefined` when the device has no such token; false when it was revoked before. */
export async function revokeTokenRow(
  sql: TenantSql,
  device: number,
  token: string,
  atMs: number,
): Promise<boolean | undefined> {
  const revoked = await sql`
    update registry.device_token set revoked_at = ${new Date(atMs)}
     where device = ${device} and id = ${token} and revoked_at is null returning id`
  if (revoked.length > 0) return true
  const known =
    await sql`select id from registry.device_token where device = ${device} and id = ${token}`
  return known.length > 0 ? false : undefined
}

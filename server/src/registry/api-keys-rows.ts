import type { ApiKey } from '@pulse/contract'
import type { Database, TenantSql } from '#platform'
import { known } from './access.ts'
import { available } from './available.ts'

/** What a key is checked against, and where it may do what. */
export interface ApiKeyFacts {
  readonly id: string
  readonly name: string
  /** SHA-256 of the secret. */
  readonly hash: Buffer
  readonly permissions: readonly string[]
  readonly expiresAt: Date
  readonly revoked: boolean
  readonly tenant: number
  readonly tenantKey: string
  readonly tenantName: string
  readonly region: string
  readonly suspended: boolean
}

export async function apiKeyFacts(sql: Database, id: string): Promise<ApiKeyFacts | undefined> {
  const [row] = await available(sql<ApiKeyFacts[]>`select * from registry.api_key_facts(${id})`)
  return row
}

interface Row {
  readonly id: string
  readonly name: string
  readonly permissions: readonly string[]
  readonly createdAt: Date
  readonly createdBy: string
  readonly expiresAt: Date
  readonly lastUsedAt: Date | null
  readonly revokedAt: Date | null
}

const columns = (sql: TenantSql) => sql`
  id, name, permissions, created_at as "createdAt", created_by_name as "createdBy",
  expires_at as "expiresAt", last_used_at as "lastUsedAt", revoked_at as "revokedAt"`

/** The newest first, 1,000 at most. */
export async function selectApiKeys(sql: TenantSql): Promise<ApiKey[]> {
  const rows = await sql<Row[]>`
    select ${columns(sql)} from registry.api_key order by created_at desc, id limit 1000`
  return rows.map(wire)
}

export async function selectApiKey(sql: TenantSql, id: string): Promise<ApiKey | undefined> {
  const [row] = await sql<Row[]>`select ${columns(sql)} from registry.api_key where id = ${id}`
  return row && wire(row)
}

const wire = (row: Row): ApiKey => ({
  ...row,
  permissions: known(row.permissions),
  createdAt: row.createdAt.toISOString(),
  expiresAt: row.expiresAt.toISOString(),
  lastUsedAt: row.lastUsedAt?.toISOString() ?? null,
  revokedAt: row.revokedAt?.toISOString() ?? null,
})

export const insertApiKey = (
  sql: TenantSql,
  made: ApiKey,
  { hash, by }: { readonly hash: Buffer; readonly by: string },
) => sql`
  insert into registry.api_key
    (id, name, hash, permissions, created_by, created_by_name, created_at, expires_at)
  values (${made.id}, ${made.name}, ${hash}, ${made.permissions}::text[], ${by}, ${made.createdBy},
          ${made.createdAt}, ${made.expiresAt})`

/** False when it was revoked already. */
export async function revokeApiKey(sql: TenantSql, id: string, nowMs: number): Promise<boolean> {
  const rows = await sql`
    update registry.api_key set revoked_at = ${new Date(nowMs)}
     where id = ${id} and revoked_at is null returning id`
  return rows.length > 0
}

export const noteKeyUse = (sql: Database, used: ReadonlyMap<string, number>) => sql`
  select registry.note_key_use(${[...used.keys()]}::text[],
    ${[...used.values()].map((atMs) => new Date(atMs).toISOString())}::text[]::timestamptz[])`

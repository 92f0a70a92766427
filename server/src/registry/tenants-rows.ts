import type { TenantFacts } from '@pulse/contract'
import type { TenantSql } from '#platform'
import { refuse } from './errors.ts'

/** The row of a tenant, as its own people and operators need it. */
export interface TenantLifeRow {
  readonly key: string
  readonly name: string
  readonly region: string
  readonly cell: string
  readonly retentionDays: number
  readonly suspended: boolean
  readonly suspendedFor: string | null
  readonly deleteAfter: Date | null
  readonly createdAt: Date
  /** Rows were deleted already: it cannot be kept any more. */
  readonly going: boolean
}

/** The transaction's tenant. @throws `registry.unknown-tenant` when it is gone */
export async function selectTenant(sql: TenantSql, lock = false): Promise<TenantLifeRow> {
  const [row] = await sql<TenantLifeRow[]>`
    select key, name, region, cell, retention_days as "retentionDays", suspended,
           suspended_for as "suspendedFor", delete_after as "deleteAfter", created_at as "createdAt",
           removed is not null as going
      from registry.tenant where id = platform.tenant() ${lock ? sql`for update` : sql``}`
  if (!row) throw refuse.unknownTenant()
  return row
}

export const updateTenant = (
  sql: TenantSql,
  { name, retentionDays }: { readonly name: string; readonly retentionDays: number },
) => sql`
  update registry.tenant set name = ${name}, retention_days = ${retentionDays}
   where id = platform.tenant()`

/** Writes why it is suspended and when it is deleted; `suspended` follows from both. */
export const updateStanding = (
  sql: TenantSql,
  standing: {
    readonly suspendedFor: string | null
    readonly deleteAfter: Date | null
    readonly at: Date
  },
) => sql`
  update registry.tenant
     set suspended = ${standing.suspendedFor !== null || standing.deleteAfter !== null},
         suspended_at = case when ${standing.suspendedFor === null} then null
                             else coalesce(suspended_at, ${standing.at}) end,
         suspended_for = ${standing.suspendedFor}, delete_after = ${standing.deleteAfter}
   where id = platform.tenant()`

/** How a tenant stands, in one word. */
export function standingOf(row: {
  readonly suspended: boolean
  readonly deleteAfter: Date | null
}): TenantFacts['state'] {
  if (row.deleteAfter !== null) return 'leaving'
  return row.suspended ? 'suspended' : 'active'
}

export const tenantFactsOf = (row: TenantLifeRow): TenantFacts => ({
  key: row.key,
  name: row.name,
  region: row.region,
  cell: row.cell,
  retentionDays: row.retentionDays,
  state: standingOf(row),
  suspendedFor: row.suspendedFor,
  deleteAfter: row.deleteAfter?.toISOString() ?? null,
  createdAt: row.createdAt.toISOString(),
})

import type postgres from 'postgres'
import type { Database } from '#platform'

/** A tenant whose waiting period has passed. */
export interface LeavingTenant {
  readonly id: number
  readonly key: string
}

/** A transaction of `pulse_owner`, or its pool: nobody else may delete a tenant. */
export type OwnerSql = postgres.ISql<{ bigint: number }>

export const selectDue = (owner: Database, nowMs: number) => owner<LeavingTenant[]>`
  select id, key from registry.tenant where delete_after <= ${new Date(nowMs)} order by id`

/** From here on the tenant cannot be kept any more. */
export const beginRemoval = (owner: Database, tenant: number) => owner`
  update registry.tenant set removed = coalesce(removed, '{}'::jsonb), suspended = true
   where id = ${tenant}`

/** Adds to what was deleted so far; in the transaction of that deletion. */
export const noteRemoved = (sql: OwnerSql, tenant: number, table: string, rows: number) => sql`
  update registry.tenant
     set removed = jsonb_set(removed, array[${table}::text],
                             to_jsonb(coalesce((removed ->> ${table})::bigint, 0) + ${rows}::bigint))
   where id = ${tenant}`

/** Devices of a tenant by their internal ids, from `after` on. */
export async function selectDeviceIdsAfter(
  sql: OwnerSql,
  tenant: number,
  page: { readonly after: number; readonly limit: number },
): Promise<readonly number[]> {
  const rows = await sql<{ id: number }[]>`
    select id from registry.device where tenant = ${tenant} and id > ${page.after}
     order by id limit ${page.limit}`
  return rows.map(({ id }) => id)
}

/** What is said of a tenant when it has gone. */
export interface RemovedTenant {
  readonly name: string
  readonly createdAt: Date
  /** Deleted rows by table. */
  readonly removed: Readonly<Record<string, number>>
  /** People who belonged to it alone, and whose accounts went with it. */
  readonly people: number
}

/** Takes hold of the row of a tenant; undefined when it is gone already. */
export async function holdTenant(sql: OwnerSql, tenant: number): Promise<boolean> {
  const rows = await sql`select from registry.tenant where id = ${tenant} for update`
  return rows.length > 0
}

/**
 * Deletes the memberships, the accounts of those who belong nowhere else, and the tenant itself.
 * Operators stay, and so do people of other identity providers: they are not ours to delete.
 */
export async function deleteTenant(
  sql: OwnerSql,
  tenant: number,
  nowMs: number,
): Promise<RemovedTenant> {
  const alone = await sql<{ id: string }[]>`
    select p.id from registry.membership m join registry.person p on p.id = m.person
     where m.tenant = ${tenant} and p.issuer = 'embedded' and not p.operator
       and not exists (select from registry.membership o where o.person = p.id and o.tenant <> ${tenant})`
  const ids = alone.map(({ id }) => id)
  const left = await sql`delete from registry.membership where tenant = ${tenant}`
  await sql`
    select registry.end_sign_ins(id, null, null, ${new Date(nowMs)})
      from unnest(${ids}::text[]) as person (id)`
  await sql`delete from registry.person where id = any(${ids}::text[])`
  const [row] = await sql<Omit<RemovedTenant, 'people'>[]>`
    delete from registry.tenant where id = ${tenant} returning name, created_at as "createdAt", removed`
  if (!row) throw new Error('the tenant is gone, though its row was held')
  await sql`insert into registry.gone (id, gone_at) values (${tenant}, ${new Date(nowMs)})`
  const removed = { ...row.removed, 'registry.membership': left.count }
  return { ...row, removed, people: ids.length }
}

/** Tenants that went lately; those that went before `sinceMs` are forgotten. */
export async function selectGone(owner: Database, sinceMs: number): Promise<readonly number[]> {
  await owner`delete from registry.gone where gone_at < ${new Date(sinceMs)}`
  const rows = await owner<{ id: number }[]>`select id from registry.gone`
  return rows.map(({ id }) => id)
}

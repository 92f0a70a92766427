import type { Database, TenantTable } from '#platform'
import { type LeavingTenant, noteRemoved, type OwnerSql, selectDeviceIdsAfter } from '#registry'

export interface BatchDeps {
  readonly owner: Database
  /** Rows that one transaction deletes, at most. */
  readonly batch: number
  readonly stopping: () => boolean
}

/** The rows of one tenant in one table or partition. */
interface Part {
  readonly tenant: number
  readonly table: string
  readonly name: string
}

/** Devices whose rows are looked for at once. */
const DEVICES = 100

/**
 * Deletes the rows of a tenant from a table, batch by batch; each is a transaction of its own, and
 * counted in the row of the tenant. It finds them by an index that begins with the tenant, or with
 * its devices. False when it was told to stop.
 */
export async function deleteRows(
  deps: BatchDeps,
  { id }: LeavingTenant,
  table: TenantTable,
): Promise<boolean> {
  for (const name of table.parts) {
    const part = { tenant: id, table: table.name, name }
    if (!(await deletePart(deps, part, table.indexedBy))) return false
  }
  return true
}

async function deletePart(
  deps: BatchDeps,
  part: Part,
  indexedBy: readonly string[],
): Promise<boolean> {
  const { tenant, name } = part
  if (indexedBy.includes('tenant')) {
    return inBatches(
      deps,
      part,
      (sql) => sql`
      select ctid from ${sql(name)} where tenant = ${tenant} limit ${deps.batch}`,
    )
  }
  if (!indexedBy.includes('device')) throw new Error(`${name} has no index by tenant or device`)
  for (let after = 0; ; ) {
    const devices = await selectDeviceIdsAfter(deps.owner, tenant, { after, limit: DEVICES })
    const last = devices.at(-1)
    if (last === undefined) return true
    const whole = await inBatches(
      deps,
      part,
      (sql) => sql`
      select ctid from ${sql(name)}
       where device = any(${[...devices]}::bigint[]) and tenant = ${tenant} limit ${deps.batch}`,
    )
    if (!whole) return false
    after = last
  }
}

async function inBatches(
  { owner, batch, stopping }: BatchDeps,
  { tenant, table, name }: Part,
  rows: (sql: OwnerSql) => ReturnType<OwnerSql>,
): Promise<boolean> {
  for (;;) {
    if (stopping()) return false
    const gone = await owner.begin(async (sql) => {
      const { count } = await sql`delete from ${sql(name)} where ctid = any(array(${rows(sql)}))`
      if (count > 0) await noteRemoved(sql, tenant, table, count)
      return count
    })
    if (gone < batch) return true
  }
}

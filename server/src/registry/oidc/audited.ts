import {
  type AuditEntry,
  type Database,
  inTenant,
  record,
  recordForPlatform,
  type TenantSql,
} from '#platform'

/** What people who belong to no tenant do is recorded in the log of the platform. */
const PLATFORM = 0

/**
 * Changes something of a person, and records it in the same transaction. A person has no tenant of
 * their own, so each that they may enter hears of it; the change goes with the first.
 */
export async function changeOfPerson<T>(
  app: Database,
  tenants: readonly number[],
  work: (sql: TenantSql) => Promise<{ readonly value: T; readonly entry: AuditEntry | undefined }>,
): Promise<T> {
  const [home = PLATFORM, ...others] = tenants
  const { value, entry } = await inTenant(app, home, async (sql) => {
    const done = await work(sql)
    if (done.entry) await (home === PLATFORM ? recordForPlatform : record)(sql, done.entry)
    return done
  })
  if (entry) for (const tenant of others) await inTenant(app, tenant, (sql) => record(sql, entry))
  return value
}

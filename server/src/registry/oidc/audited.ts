import {
  type Actor,
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

/** Where a request came from, for the audit. */
export interface From {
  readonly address: string | undefined
  readonly requestId: string | undefined
}

/** Somebody who does something with their own account. */
interface Owner {
  readonly person: string
  readonly name?: string | undefined
  readonly tenants: readonly number[]
}

/** What people do with their own account. */
export function entryOf({ person, name }: Owner, action: string, from: From): AuditEntry {
  const actor: Actor = { kind: 'person', id: person, name }
  return { actor, action, subject: `person:${person}`, ...from }
}

/** Changes the account of who acts, and records it. */
export async function changeOwn(
  app: Database,
  owner: Owner,
  { action, from }: { readonly action: string; readonly from: From },
  work: (sql: TenantSql) => PromiseLike<unknown>,
): Promise<void> {
  await changeOfPerson(app, owner.tenants, async (sql) => {
    await work(sql)
    return { value: undefined, entry: entryOf(owner, action, from) }
  })
}

import type { MemberChange, MemberFacts } from '@pulse/contract'
import { type Clock, type Database, emit, inTenant, type TenantSql } from '#platform'
import { type Grant, keepingAnAdmin, lockAccess, permissionsOf, withinOwn } from './access.ts'
import { audit } from './act.ts'
import { refuse } from './errors.ts'
import { type MemberRow, selectMembers } from './people-rows.ts'

/** The people of a tenant and what they may do in it. */
export interface Members {
  /** `self` is the person who asks. */
  list(tenant: number, self: string): Promise<readonly MemberFacts[]>
  /**
   * Gives a member another role, or ends or restores their access; open sessions feel it at once.
   * @throws `registry.unknown-member`, `registry.unknown-role`, `registry.beyond-own`,
   * `registry.claimed-role`, `registry.last-admin`
   */
  change(grant: Grant, person: string, change: MemberChange): Promise<MemberFacts>
  /** @throws like {@link change} */
  remove(grant: Grant, person: string): Promise<void>
}

export interface MembersDeps {
  readonly app: Database
  readonly clock: Clock
  /** Who may do what has changed: what is remembered of it is to be dropped. */
  readonly changed: () => void
}

export function createMembers(deps: MembersDeps): Members {
  const { app, changed } = deps
  return {
    list: (tenant, self) =>
      inTenant(app, tenant, async (sql) =>
        (await selectMembers(sql)).map((row) => wire(row, self)),
      ),
    async change(grant, person, wanted) {
      const facts = await inTenant(app, grant.tenant, async (sql) => {
        await change(sql, { ...deps, grant, person }, wanted)
        return wire(await select(sql, person), grant.actor.id)
      })
      changed()
      return facts
    },
    async remove(grant, person) {
      await inTenant(app, grant.tenant, (sql) => remove(sql, { ...deps, grant, person }))
      changed()
    },
  }
}

/** A member about whom somebody decides. */
interface Case extends MembersDeps {
  readonly grant: Grant
  readonly person: string
}

async function change(sql: TenantSql, of: Case, wanted: MemberChange): Promise<void> {
  const { grant, person } = of
  const row = await hold(sql, grant, person)
  const next = { role: wanted.role ?? row.role, active: wanted.active ?? row.active }
  if (next.role !== row.role) await mayGive(sql, grant, row, next.role)
  if (next.role === row.role && next.active === row.active) return
  await keepingAnAdmin(
    sql,
    () => sql`
      update registry.membership set role = ${next.role}, active = ${next.active}
       where person = ${person}`,
  )
  await tell(sql, of, 'registry.member-changed', { before: standing(row), after: next })
}

async function remove(sql: TenantSql, of: Case): Promise<void> {
  const { grant, person } = of
  const row = await hold(sql, grant, person)
  // It would come back with the next sign-in.
  if (row.source === 'claims') throw refuse.claimedRole()
  await keepingAnAdmin(sql, () => sql`delete from registry.membership where person = ${person}`)
  await tell(sql, of, 'registry.member-removed', { before: standing(row) })
}

const standing = ({ role, active }: Held) => ({ role, active })

async function tell(
  sql: TenantSql,
  { grant, person, clock }: Case,
  action: string,
  facts: { readonly before: object; readonly after?: object },
): Promise<void> {
  const { tenant } = grant
  const subject = `person:${person}`
  await audit(sql, grant, action, { subject, ...facts })
  const type = 'registry.member-changed'
  await emit(sql, [{ type, tenant, subject, data: { person } }], clock.now())
}

interface Held {
  readonly role: string
  readonly active: boolean
  readonly source: MemberRow['source']
}

/** A membership that is about to change, by somebody who may do no less than its person. */
async function hold(sql: TenantSql, grant: Grant, person: string): Promise<Held> {
  await lockAccess(sql)
  const [row] = await sql<Held[]>`
    select role, active, source from registry.membership where person = ${person}`
  if (!row) throw refuse.unknownMember()
  withinOwn(grant, (await permissionsOf(sql, row.role)) ?? [])
  return row
}

async function mayGive(sql: TenantSql, grant: Grant, { source }: Held, role: string) {
  const permissions = await permissionsOf(sql, role)
  if (!permissions) throw refuse.unknownRole()
  withinOwn(grant, permissions)
  if (source === 'claims') throw refuse.claimedRole()
}

async function select(sql: TenantSql, person: string): Promise<MemberRow> {
  const [row] = await sql<MemberRow[]>`select * from registry.members() where person = ${person}`
  if (!row) throw refuse.unknownMember()
  return row
}

const wire = (row: MemberRow, self: string): MemberFacts => ({
  ...row,
  joinedAt: row.joinedAt.toISOString(),
  lastSeenAt: row.lastSeenAt?.toISOString() ?? null,
  self: row.person === self,
})

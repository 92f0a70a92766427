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

export function createMembers({ app, clock, changed }: MembersDeps): Members {
  const announce = (sql: TenantSql, { tenant }: Grant, person: string) =>
    emit(
      sql,
      [
        {
          type: 'registry.member-changed',
          tenant,
          subject: `person:${person}`,
          data: { person },
        },
      ],
      clock.now(),
    )
  return {
    list: (tenant, self) =>
      inTenant(app, tenant, async (sql) =>
        (await selectMembers(sql)).map((row) => wire(row, self)),
      ),
    async change(grant, person, change) {
      const facts = await inTenant(app, grant.tenant, async (sql) => {
        const row = await hold(sql, grant, person)
        const next = { role: change.role ?? row.role, active: change.active ?? row.active }
        if (next.role !== row.role) await mayGive(sql, grant, row, next.role)
        if (next.role !== row.role || next.active !== row.active) {
          await keepingAnAdmin(
            sql,
            () => sql`
              update registry.membership set role = ${next.role}, active = ${next.active}
               where person = ${person}`,
          )
          const before = { role: row.role, active: row.active }
          const subject = `person:${person}`
          await audit(sql, grant, 'registry.member-changed', { subject, before, after: next })
          await announce(sql, grant, person)
        }
        return wire(await select(sql, person), grant.actor.id)
      })
      changed()
      return facts
    },
    async remove(grant, person) {
      await inTenant(app, grant.tenant, async (sql) => {
        const row = await hold(sql, grant, person)
        // It would come back with the next sign-in.
        if (row.source === 'claims') throw refuse.claimedRole()
        await keepingAnAdmin(
          sql,
          () => sql`delete from registry.membership where person = ${person}`,
        )
        const before = { role: row.role, active: row.active }
        const subject = `person:${person}`
        await audit(sql, grant, 'registry.member-removed', { subject, before })
        await announce(sql, grant, person)
      })
      changed()
    },
  }
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

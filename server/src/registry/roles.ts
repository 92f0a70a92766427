import {
  type Permission,
  type RoleDraft,
  type RoleFacts,
  rolePermissions,
  roles,
} from '@pulse/contract'
import { type Clock, type Database, emit, inTenant, type TenantSql } from '#platform'
import {
  builtInPermissions,
  type Grant,
  keepingAnAdmin,
  known,
  lockAccess,
  withinOwn,
} from './access.ts'
import { audit } from './act.ts'
import { refuse } from './errors.ts'

/** The roles of a tenant: those that are built in, and its own. */
export interface Roles {
  list(tenant: number): Promise<readonly RoleFacts[]>
  /** @throws `registry.unknown-role` */
  role(tenant: number, key: string): Promise<RoleFacts>
  /**
   * Makes or changes a role; who has it may do that at once.
   * @throws `registry.built-in-role`, `registry.beyond-own`, `registry.last-admin`
   */
  put(grant: Grant, key: string, draft: RoleDraft): Promise<RoleFacts>
  /** @throws `registry.built-in-role`, `registry.unknown-role`, `registry.role-in-use`, `registry.beyond-own` */
  remove(grant: Grant, key: string): Promise<void>
}

export interface RolesDeps {
  readonly app: Database
  readonly clock: Clock
  /** Who may do what has changed: what is remembered of it is to be dropped. */
  readonly changed: () => void
}

export function createRoles({ app, clock, changed }: RolesDeps): Roles {
  const announce = (sql: TenantSql, { tenant }: Grant, role: string) =>
    emit(
      sql,
      [{ type: 'registry.role-changed', tenant, subject: `role:${role}`, data: { role } }],
      clock.now(),
    )
  return {
    list: (tenant) => inTenant(app, tenant, selectRoles),
    role: (tenant, key) => inTenant(app, tenant, (sql) => selectRole(sql, key)),
    async put(grant, key, draft) {
      if (builtInPermissions(key)) throw refuse.builtInRole()
      const facts = await inTenant(app, grant.tenant, async (sql) => {
        await lockAccess(sql)
        const before = await selectOwn(sql, key)
        const permissions = [...new Set(draft.permissions)].sort()
        withinOwn(grant, [...permissions, ...(before?.permissions ?? [])])
        const after = { name: draft.name, permissions }
        if (JSON.stringify(before) !== JSON.stringify(after)) {
          await keepingAnAdmin(sql, () => write(sql, key, after))
          const action = before ? 'registry.role-changed' : 'registry.role-made'
          await audit(sql, grant, action, { subject: `role:${key}`, before, after })
          await announce(sql, grant, key)
        }
        return selectRole(sql, key)
      })
      changed()
      return facts
    },
    async remove(grant, key) {
      if (builtInPermissions(key)) throw refuse.builtInRole()
      await inTenant(app, grant.tenant, async (sql) => {
        await lockAccess(sql)
        const before = await selectOwn(sql, key)
        if (!before) throw refuse.unknownRole()
        withinOwn(grant, before.permissions)
        if (await inUse(sql, key, clock.now())) throw refuse.roleInUse()
        await sql`delete from registry.role where key = ${key}`
        await audit(sql, grant, 'registry.role-removed', { subject: `role:${key}`, before })
        await announce(sql, grant, key)
      })
      changed()
    },
  }
}

interface OwnRole {
  readonly name: string
  readonly permissions: readonly Permission[]
}

async function selectOwn(sql: TenantSql, key: string): Promise<OwnRole | undefined> {
  const [row] = await sql<{ name: string; permissions: string[] }[]>`
    select name, permissions from registry.role where key = ${key}`
  return row && { name: row.name, permissions: known(row.permissions) }
}

const write = (sql: TenantSql, key: string, { name, permissions }: OwnRole) => sql`
  insert into registry.role (key, name, permissions)
  values (${key}, ${name}, ${[...permissions]}::text[])
  on conflict (tenant, key) do update set name = excluded.name, permissions = excluded.permissions`

async function inUse(sql: TenantSql, key: string, nowMs: number): Promise<boolean> {
  const [row] = await sql<{ used: boolean }[]>`
    select exists (select from registry.membership where role = ${key})
        or exists (select from registry.invitation
                    where role = ${key} and accepted_at is null and withdrawn_at is null
                      and expires_at > ${new Date(nowMs)}) as used`
  return row?.used === true
}

const titles: Readonly<Record<string, string>> = {
  viewer: 'Viewer',
  technician: 'Technician',
  engineer: 'Engineer',
  admin: 'Admin',
}

async function selectRoles(sql: TenantSql): Promise<readonly RoleFacts[]> {
  const counts = await sql<{ role: string; members: number }[]>`
    select role, count(*)::int as members from registry.membership group by role`
  const members = new Map(counts.map((row) => [row.role, row.members]))
  const own = await sql<{ key: string; name: string; permissions: string[] }[]>`
    select key, name, permissions from registry.role order by name, key`
  const facts = (key: string, of: Omit<RoleFacts, 'key' | 'members'>): RoleFacts => ({
    key,
    ...of,
    members: members.get(key) ?? 0,
  })
  return [
    ...roles.map((key) =>
      facts(key, {
        name: titles[key] ?? key,
        builtIn: true,
        permissions: [...rolePermissions[key]],
      }),
    ),
    ...own.map(({ key, name, permissions }) =>
      facts(key, { name, builtIn: false, permissions: known(permissions) }),
    ),
  ]
}

async function selectRole(sql: TenantSql, key: string): Promise<RoleFacts> {
  const found = (await selectRoles(sql)).find((role) => role.key === key)
  if (!found) throw refuse.unknownRole()
  return found
}

import { type Permission, rolePermissions, roles } from '@pulse/contract'
import { type FastifyRequest, type TenantSql, tenantOf } from '#platform'
import { type Act, actOf } from './act.ts'
import { refuse } from './errors.ts'

/** An act that gives permissions to somebody, and what the one who acts has themselves. */
export interface Grant extends Act {
  readonly may: ReadonlySet<Permission>
}

/** The grant of a request. Only on routes with a permission. */
export function grantOf(request: FastifyRequest): Grant {
  const { membership } = request
  if (!membership) throw new Error(`tenant ${tenantOf(request)} has no membership`)
  return { ...actOf(request), may: membership.permissions }
}

/** @throws `registry.beyond-own` when `wanted` has what the one who acts has not */
export function withinOwn({ may }: Grant, wanted: Iterable<Permission>): void {
  const beyond = [...wanted].filter((permission) => !may.has(permission))
  if (beyond.length > 0) throw refuse.beyondOwn({ detail: `It is about ${beyond.join(', ')}.` })
}

/**
 * Lets one transaction at a time change who may do what in the tenant: rules that look at several
 * rows (the last admin, a role in use) hold only so.
 */
export const lockAccess = async (sql: TenantSql): Promise<void> => {
  await sql`select pg_advisory_xact_lock(hashtextextended('registry.access ' || platform.tenant(), 0))`
}

/** What a role permits in the transaction's tenant; undefined when there is no such role. */
export async function permissionsOf(
  sql: TenantSql,
  role: string,
): Promise<readonly Permission[] | undefined> {
  const builtIn = builtInPermissions(role)
  if (builtIn) return builtIn
  const [row] = await sql<{ permissions: string[] }[]>`
    select permissions from registry.role where key = ${role}`
  return row && known(row.permissions)
}

/** What a built-in role permits; undefined for any other key. */
export const builtInPermissions = (role: string): readonly Permission[] | undefined =>
  roles.some((each) => each === role) ? rolePermissions[role as (typeof roles)[number]] : undefined

const everyPermission: ReadonlySet<string> = new Set(rolePermissions.admin)

/** Kept permissions that this Pulse knows: a newer one may have written others. */
export const known = (permissions: readonly string[]): Permission[] =>
  permissions.filter((each): each is Permission => everyPermission.has(each))

/**
 * Runs a change of who may do what, under the lock.
 * @throws `registry.last-admin` when it takes away the last active person who may manage people
 */
export async function keepingAnAdmin<T>(sql: TenantSql, change: () => Promise<T>): Promise<T> {
  const before = await countAdmins(sql)
  const result = await change()
  if (before > 0 && (await countAdmins(sql)) === 0) throw refuse.lastAdmin()
  return result
}

const NEEDED: Permission = 'member.write'
const adminRoles = roles.filter((role) => rolePermissions[role].includes(NEEDED))

async function countAdmins(sql: TenantSql): Promise<number> {
  const [row] = await sql<{ count: number }[]>`
    select registry.count_holders(${NEEDED}, ${adminRoles}::text[]) as count`
  return row?.count ?? 0
}

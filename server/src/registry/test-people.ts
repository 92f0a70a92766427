import { type Permission, type Role, rolePermissions } from '@pulse/contract'
import { type FastifyRequest, inTenant, newId, type Principal } from '#platform'
import type { TestDatabase, TestTokens } from '../testing/index.ts'
import type { Grant } from './access.ts'
import type { Act } from './act.ts'
import type { Registry } from './registry.ts'
import { startMs } from './test-registry.ts'

/** A request as far as authentication looks at it. */
export const requestOf = (bearer?: string, tenant?: string): FastifyRequest =>
  ({
    headers: {
      ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
      ...(tenant === undefined ? {} : { 'pulse-tenant': tenant }),
    },
  }) as FastifyRequest

/** Makes an embedded person of a tenant; answers their id and a token of theirs. */
export async function somebody(
  { registry, tokens }: { readonly registry: Registry; readonly tokens: TestTokens },
  { tenant, actor }: Act,
  facts: { readonly role: Role; readonly name?: string; readonly email?: string },
): Promise<{ readonly id: string; readonly bearer: string }> {
  const name = facts.name ?? newId('name', startMs)
  const { email, role } = facts
  const more = email === undefined ? {} : { email }
  const person = { username: name, name, password: 'correct horse', role, ...more }
  const { id } = await registry.people.createPerson(tenant, person, actor)
  const claimed = undefined
  return { id, bearer: tokens.issue({ issuer: 'embedded', subject: id, session: id, claimed }) }
}

/** An act by a person with the permissions of a role, or with these. */
export const grantBy = (
  { tenant }: Act,
  person: string,
  may: Role | readonly Permission[] = 'admin',
): Grant => ({
  tenant,
  actor: { kind: 'person', id: person, name: 'Somebody' },
  may: new Set(typeof may === 'string' ? rolePermissions[may] : may),
  requestId: 'rq_test',
  address: '203.0.113.7',
})

/** What the audit of a tenant says of these actions, the oldest first. */
export const auditOf = (db: TestDatabase, tenant: number, ...actions: string[]) =>
  inTenant(
    db.as('pulse_app'),
    tenant,
    (sql) => sql`
      select actor_kind as kind, actor, action, subject, before, after, request_id as "requestId", address
        from platform.audit where action = any(${actions}::text[]) order by id`,
  )

/** The role that a principal has in a tenant; undefined when they do not belong there. */
export const roleIn = (principal: Principal | undefined, key: string): string | undefined =>
  principal?.tenants.find((tenant) => tenant.key === key)?.role

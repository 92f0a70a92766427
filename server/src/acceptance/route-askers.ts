import {
  keyMayHave,
  type Permission,
  permissions,
  type Role,
  rolePermissions,
  roles,
  worksWhileSuspended,
} from '@pulse/contract'
import type { RouteFacts } from '#platform'
import type { Asker as Column } from '../contracts.ts'
import { signInByForm } from '../testing/index.ts'
import type { Harness } from './harness.ts'

const actor = { kind: 'system', id: 'test' } as const
const password = 'correct horse battery staple'

/** Somebody who asks every route, and how each that is not for them refuses. */
export interface Asker {
  readonly name: string
  /** Their column in docs/permissions.md; undefined for those who have none. */
  readonly column?: Column
  readonly bearer: string | undefined
  /** A bearer that may end: for the route that ends it. */
  fresh(): Promise<string | undefined>
  /** The code of the refusal; undefined when they may ask. */
  refusal(route: RouteFacts): string | undefined
}

/** Signs a person in as the portal does. */
export const signIn = async (pulse: Harness, username: string): Promise<string> =>
  (await signInByForm({ origin: pulse.http, username, password })).accessToken

interface Somebody {
  readonly tenant: number | undefined
  readonly role?: Role
  readonly operator?: boolean
  readonly named?: string
}

/** Makes a person and signs them in. */
export async function person(
  pulse: Harness,
  username: string,
  { tenant, role, operator, named }: Somebody,
): Promise<{ readonly id: string; readonly bearer: string }> {
  const facts = {
    username,
    name: named ?? username,
    password,
    email: `${username}@acme.example`,
    ...(role === undefined ? {} : { role }),
    ...(operator === undefined ? {} : { operator }),
  }
  const { id } = await pulse.app.registry.people.createPerson(tenant, facts, actor)
  return { id, bearer: await signIn(pulse, username) }
}

const everything = Object.keys(permissions) as Permission[]
export const keyPermissions = everything.filter(keyMayHave)

/** Makes an API key of a tenant. */
export async function apiKey(
  pulse: Harness,
  tenant: number,
  of: readonly Permission[],
  name = 'a key',
): Promise<string> {
  const grant = { tenant, actor, may: new Set(everything) }
  const expiresAt = new Date(Date.now() + 86_400_000).toISOString()
  const draft = { name, permissions: of as never, expiresAt }
  return (await pulse.app.registry.apiKeys.make(grant, draft)).key
}

/** A route that anybody may ask, or that asks for something else than a person or a key. */
function openRefusal({ open }: RouteFacts): string | undefined | 'theirs' {
  if (open === 'nobody') return undefined
  return open === 'device' ? 'registry.unauthenticated' : 'theirs'
}

const refusalOf =
  (decide: (route: RouteFacts) => string | undefined): Asker['refusal'] =>
  (route) => {
    const open = openRefusal(route)
    return open === 'theirs' ? decide(route) : open
  }

const memberRefusal = (may: ReadonlySet<Permission>, suspended = false) =>
  refusalOf(({ permission, operator }) => {
    if (operator) return 'registry.operators-only'
    if (permission === undefined) return undefined
    if (!may.has(permission)) return 'registry.forbidden'
    return suspended && !worksWhileSuspended(permission) ? 'registry.suspended' : undefined
  })

const keyRefusal = (may: ReadonlySet<Permission>) =>
  refusalOf(({ permission, operator }) => {
    if (operator) return 'registry.operators-only'
    if (permission === undefined) return 'registry.people-only'
    return may.has(permission) ? undefined : 'registry.forbidden'
  })

const steady = (bearer: string | undefined) => ({ bearer, fresh: async () => bearer })

/** Everybody who may ask: of two tenants, of none, of one that is suspended, let go, and things. */
export async function makeAskers(pulse: Harness, other: number): Promise<readonly Asker[]> {
  const members = [pulse.tenant, other].flatMap((tenant) =>
    roles.map((role) => member(pulse, `${tenant}-${role}`, { tenant, role })),
  )
  const keys = [pulse.tenant, other].flatMap((tenant) => [
    key(pulse, tenant, keyPermissions),
    key(pulse, tenant, ['device.read']),
  ])
  return Promise.all([
    ...members,
    ...keys,
    operator(pulse),
    suspended(pulse),
    deactivated(pulse),
    device(pulse),
    nobody('nobody', undefined),
    nobody('nobody-with-nonsense', 'nonsense'),
    nobody('nobody-with-no-key', `pulse_k_${'0'.repeat(16)}_${'A'.repeat(43)}`),
  ])
}

async function member(
  pulse: Harness,
  name: string,
  of: { readonly tenant: number; readonly role: Role },
): Promise<Asker> {
  return {
    name,
    column: of.role,
    bearer: (await person(pulse, name, of)).bearer,
    fresh: () => signIn(pulse, name),
    refusal: memberRefusal(new Set(rolePermissions[of.role])),
  }
}

async function key(pulse: Harness, tenant: number, of: readonly Permission[]): Promise<Asker> {
  const whole = of === keyPermissions
  return {
    name: `${tenant}-key-${whole ? 'all' : of.join()}`,
    ...(whole ? { column: 'API key' as const } : {}),
    ...steady(await apiKey(pulse, tenant, of)),
    refusal: keyRefusal(new Set(of)),
  }
}

async function operator(pulse: Harness): Promise<Asker> {
  return {
    name: 'operator',
    column: 'operator',
    bearer: (await person(pulse, 'operator', { tenant: undefined, operator: true })).bearer,
    fresh: () => signIn(pulse, 'operator'),
    refusal: refusalOf(({ permission }) => permission && 'registry.unknown-tenant'),
  }
}

async function suspended(pulse: Harness): Promise<Asker> {
  const { tenants, life } = pulse.app.registry
  const { id: tenant } = await tenants.createTenant({ key: 'frozen', name: 'Frozen' }, actor)
  const { bearer } = await person(pulse, 'frozen-admin', { tenant, role: 'admin' })
  await life.suspend({ tenant, actor }, 'not paid for')
  return {
    name: 'suspended',
    bearer,
    fresh: () => signIn(pulse, 'frozen-admin'),
    refusal: memberRefusal(new Set(rolePermissions.admin), true),
  }
}

async function deactivated(pulse: Harness): Promise<Asker> {
  const of = { tenant: pulse.tenant, role: 'admin' } as const
  const { bearer } = await person(pulse, 'gone', of)
  const lock = { username: 'gone', active: false, reason: 'no longer with us' }
  await pulse.app.registry.personLocks.set({ actor }, lock)
  return {
    name: 'deactivated',
    ...steady(bearer),
    refusal: refusalOf(() => 'registry.deactivated'),
  }
}

async function device(pulse: Harness): Promise<Asker> {
  const { probe } = await pulse.enrol('probe')
  return {
    name: 'device',
    ...steady(probe),
    refusal: ({ open }) =>
      open === 'nobody' || open === 'device' ? undefined : 'registry.unauthenticated',
  }
}

const nobody = async (name: string, bearer: string | undefined): Promise<Asker> => ({
  name,
  column: 'nobody',
  ...steady(bearer),
  refusal: refusalOf(() => 'registry.unauthenticated'),
})

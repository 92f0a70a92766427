import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Config } from '#platform'
import type { Harness } from '../harness.ts'

/** Somebody whom an issuer knows. */
export interface TestPerson {
  readonly username: string
  readonly password: string
  readonly name: string
  readonly email: string
  readonly emailVerified: boolean
  readonly enabled: boolean
  /** Runs the platform. */
  readonly operator: boolean
  /** Role by tenant. */
  readonly memberships: Readonly<Record<string, string>>
}

/** An identity provider that the suite runs against. What differs between them stands here. */
export interface Counterpart {
  readonly name: 'embedded' | 'keycloak'
  /** What Pulse is told, so that it trusts this issuer. */
  readonly config: Partial<Config>
  /** A client of the same issuer whose tokens are not for Pulse, where there can be one. */
  readonly otherClient: string | undefined
  /** Readies the people of the realm file, once Pulse runs. */
  prepare(pulse: Harness): Promise<void>
  /** Makes somebody, or somebody else who says to have the same address. */
  addPerson(made: TestPerson): Promise<void>
  /** Gives a person of `acme` another role, at the place where it is decided. */
  assign(person: TestPerson, role: string): Promise<void>
  /** Takes a person out of a tenant, at the place where it is decided. */
  expel(person: TestPerson, tenant: string): Promise<void>
  disable(person: TestPerson): Promise<void>
  /** Ends the sign-ins of a person without their doing. */
  endSignIns(person: TestPerson): Promise<void>
  /** Has new tokens signed by a new key. The old one stays published. */
  rotateKeys(): Promise<void>
  /** Takes the keys away that sign no more, where that can be done while their tokens live. */
  readonly forgetOldKeys: (() => Promise<void>) | undefined
}

interface RealmUser {
  readonly username: string
  readonly firstName: string
  readonly lastName: string
  readonly email: string
  readonly emailVerified: boolean
  readonly enabled: boolean
  readonly credentials: readonly { readonly value: string }[]
  readonly groups: readonly string[]
  readonly realmRoles: readonly string[]
}

interface RealmFile {
  readonly groups: readonly { readonly name: string }[]
  readonly users: readonly RealmUser[]
}

const realm = JSON.parse(
  readFileSync(new URL('./pulse-realm.json', import.meta.url), 'utf8'),
) as RealmFile

/** Keys of the tenants that the realm file knows. */
export const tenants: readonly string[] = realm.groups.map(({ name }) => name)

/** The people of the realm file, which every counterpart has. */
export const people: readonly TestPerson[] = realm.users.map((user) => ({
  username: user.username,
  password: user.credentials[0]?.value ?? '',
  name: `${user.firstName} ${user.lastName}`,
  email: user.email,
  emailVerified: user.emailVerified,
  enabled: user.enabled,
  operator: user.realmRoles.includes('operator'),
  memberships: membershipsOf(user),
}))

/** Plain roles hold in each tenant of the person, one such as `globex/admin` in that one. */
function membershipsOf({ groups, realmRoles }: RealmUser): Record<string, string> {
  const plain = realmRoles.find((role) => !role.includes('/'))
  const pairs = groups.map((group) => {
    const tenant = group.slice(1)
    const own = realmRoles.find((role) => role.startsWith(`${tenant}/`))
    return [tenant, own?.slice(tenant.length + 1) ?? plain] as const
  })
  return Object.fromEntries(pairs.filter((pair): pair is [string, string] => Boolean(pair[1])))
}

/** A person of the realm file. */
export function person(username: string): TestPerson {
  const found = people.find((one) => one.username === username)
  if (!found) throw new Error(`the realm file has no ${username}`)
  return found
}

/** Somebody whom no issuer knows yet, with one role in some tenants. */
export function newcomer(role: string, tenants: readonly string[]): TestPerson {
  const username = `p-${randomBytes(6).toString('hex')}`
  const memberships = Object.fromEntries(tenants.map((tenant) => [tenant, role]))
  return { ...person('vera'), username, email: `${username}@example.test`, memberships }
}

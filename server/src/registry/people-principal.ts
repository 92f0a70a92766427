import { type Session, stayMayHave } from '@pulse/contract'
import type { FastifyRequest, Membership, Principal } from '#platform'
import { builtInPermissions, known } from './access.ts'
import type { Identity } from './identity.ts'
import type { MembershipFacts, PersonFacts } from './people-rows.ts'

/** A tenant that is not theirs, in which an operator stays for a while. */
export interface Visit {
  readonly tenant: number
  readonly key: string
  readonly name: string
  readonly region: string
  readonly suspended: boolean
  /** A built-in role. */
  readonly role: string
  readonly reason: string
  readonly until: Date
}

/** What is known of who signed in, at the time of a request. */
export interface PersonNow {
  readonly facts: PersonFacts
  readonly operator: boolean
  /** Those that have not ended. */
  readonly visits: readonly Visit[]
}

/** A person as the HTTP shell knows them. Where they stay as an operator, they are one there. */
export function principalOf({ facts, operator, visits }: PersonNow): Principal {
  const own = facts.tenants.filter(({ tenant }) => !visits.some((visit) => visit.tenant === tenant))
  return {
    kind: 'person',
    id: facts.person,
    name: facts.name,
    operator,
    tenants: [...own.map(membershipOf), ...visits.map(stayOf)],
  }
}

const membershipOf = ({ permissions, ...rest }: MembershipFacts): Membership => ({
  ...rest,
  permissions: new Set(builtInPermissions(rest.role) ?? known(permissions ?? [])),
  entering: undefined,
})

const stayOf = ({ reason, until, ...rest }: Visit): Membership => ({
  tenant: rest.tenant,
  key: rest.key,
  name: rest.name,
  region: rest.region,
  suspended: rest.suspended,
  role: rest.role,
  permissions: new Set((builtInPermissions(rest.role) ?? []).filter(stayMayHave)),
  entering: { reason, until },
})

/** What a signed-in person is told of themselves. */
export const sessionOf = (
  { id, name, operator, tenants }: Principal,
  { username }: PersonFacts,
  { expiresAt }: Identity,
): Session => ({
  person: { id, name, username },
  operator,
  tenants: tenants.map(({ key, name, region, role, permissions, suspended, entering }) => ({
    key,
    name,
    region,
    role,
    permissions: [...permissions],
    suspended,
    entering: entering ? { reason: entering.reason, until: entering.until.toISOString() } : null,
  })),
  expiresAt: expiresAt.toISOString(),
})

/** The bearer of a request, or undefined when it carries none; '' for what is none. */
export function bearerOf(request: FastifyRequest): string | undefined {
  const { authorization } = request.headers
  if (authorization === undefined) return undefined
  return /^Bearer +(\S+)$/i.exec(authorization)?.[1] ?? ''
}

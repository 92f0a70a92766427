import type { Permission, Session } from '@pulse/contract'
import {
  type Actor,
  type Database,
  type FastifyRequest,
  inTenant,
  type Log,
  type Principal,
  PulseError,
  permitted,
} from '#platform'
import type { ApiKeys } from './api-keys.ts'
import { available } from './available.ts'
import type { VerifyBearer } from './identity.ts'
import { changeOfPerson } from './oidc/audited.ts'
import { createFinder, type FinderDeps, signInOf } from './people-finder.ts'
import { createIdentifier, type PersonSource } from './people-identifier.ts'
import { type MadeDeps, makePerson, type NewPerson } from './people-made.ts'
import { bearerOf, sessionOf } from './people-principal.ts'
import { endSession, type MemberRow, noteSeen, selectMembers } from './people-rows.ts'
import { createSeen } from './people-seen.ts'

/** Tokens may be dated by another clock than ours. */
const SKEW_MS = 60_000

/** Where a request came from, for the audit. */
export interface From {
  readonly address: string | undefined
  readonly requestId: string | undefined
}

/** People: who asks, where they belong and what they may do there. */
export interface People {
  /** Who sends this request; the one seam between the HTTP shell and identity. */
  authenticate(request: FastifyRequest): Promise<Principal | undefined>
  /** What a signed-in person is told of themselves. */
  session(principal: Principal): Session
  /** Ends the sign-in of a person: what was issued for it until now is not taken any more. */
  endSession(principal: Principal, from: From): Promise<void>
  /** The e-mail address of a person, and whether it is known to be theirs. */
  emailOf(principal: Principal): { readonly email: string | null; readonly verified: boolean }
  /**
   * Whether an open connection may go on: false when its token has expired, its sign-in or its key
   * has ended, or they may not do this in the tenant any more. @throws `platform.unavailable`
   */
  stillMay(principal: Principal, tenantKey: string, permission: Permission): Promise<boolean>
  /** Who belongs to a tenant. */
  members(tenant: number): Promise<readonly MemberRow[]>
  /**
   * Makes a person with an account of Pulse's own who belongs to `tenant`, or to none. One whose
   * username exists keeps their password, and joins the tenant.
   */
  createPerson(
    tenant: number | undefined,
    person: NewPerson,
    actor: Actor,
  ): Promise<{ readonly id: string }>
  /** Drops what is cached: somebody may do something else from now on. */
  forget(): void
  /** Writes when people were last seen, now. */
  flush(): Promise<void>
  close(): Promise<void>
}

export interface PeopleDeps extends FinderDeps, MadeDeps {
  readonly log: Log
  readonly verify: VerifyBearer
  readonly keys: Pick<ApiKeys, 'authenticate' | 'forget'>
  /** Ends a sign-in of the embedded provider, with what it keeps for it, and records it. */
  readonly endSignIn: (person: string, session: string, from: From) => Promise<unknown>
}

export function createPeople(deps: PeopleDeps): People {
  const { app, clock, keys } = deps
  const finder = createFinder(deps)
  const identify = createIdentifier({ clock, finder, keys })
  const seen = createSeen({ ...deps, write: (noted) => writeSeen(app, noted) })
  const forget = () => {
    finder.forget()
    keys.forget()
  }

  return {
    async authenticate(request) {
      const bearer = bearerOf(request)
      if (bearer === undefined) return undefined
      if (bearer.startsWith('pulse_k_')) return identify.key(bearer)
      const principal = await identify.person(await deps.verify(bearer))
      const tenant = visited(principal, request)
      if (tenant !== undefined) seen.note(JSON.stringify([tenant, principal.id]))
      return principal
    },
    session(principal) {
      const { facts, identity } = identify.sourceOf(principal)
      return sessionOf(principal, facts, identity)
    },
    async endSession(principal, from) {
      await end(deps, identify.sourceOf(principal), from)
      forget()
    },
    emailOf(principal) {
      const { email, emailVerified } = identify.sourceOf(principal).facts
      return { email, verified: emailVerified }
    },
    stillMay: (principal, tenantKey, permission) =>
      isPermitted(() => identify.again(principal), tenantKey, permission),
    members: (tenant) => inTenant(app, tenant, selectMembers),
    async createPerson(tenant, person, actor) {
      const made = await makePerson(deps, tenant, person, actor)
      forget()
      return made
    },
    forget,
    flush: seen.flush,
    close: seen.close,
  }
}

async function isPermitted(
  find: () => Promise<Principal>,
  tenantKey: string,
  permission: Permission,
): Promise<boolean> {
  try {
    permitted(await find(), permission, tenantKey)
    return true
  } catch (error) {
    if (error instanceof PulseError && !error.retry) return false
    throw error
  }
}

/** The tenant of theirs in which a request is; none where they only stay as an operator. */
function visited({ tenants }: Principal, { headers }: FastifyRequest): number | undefined {
  const wanted = headers['pulse-tenant']
  const [only] = tenants
  const membership =
    wanted === undefined && tenants.length === 1 ? only : tenants.find(({ key }) => key === wanted)
  return membership?.entering ? undefined : membership?.tenant
}

const writeSeen = (app: Database, noted: ReadonlyMap<string, number>) =>
  noteSeen(
    app,
    [...noted].map(([id, atMs]) => {
      const [tenant, person] = JSON.parse(id) as [number, string]
      return { tenant, person, atMs }
    }),
  )

/** Tokens that were issued for the sign-in are refused until they would have expired by themselves. */
async function end(
  { app, clock, endSignIn }: PeopleDeps,
  { identity, facts }: PersonSource,
  from: From,
): Promise<void> {
  const atMs = clock.now()
  const livesMs = identity.expiresAt.getTime() - identity.issuedAt.getTime()
  const { issuer, session } = identity
  const of = { issuer, session: signInOf(identity), atMs, untilMs: atMs + livesMs + SKEW_MS }
  if (issuer === 'embedded' && session !== undefined) {
    // Recorded there, so it goes first: what cannot be recorded does not end.
    await endSignIn(facts.person, session, from)
    await available(endSession(app, of))
    return
  }
  const entry = {
    actor: { kind: 'person', id: facts.person, name: facts.name },
    action: 'registry.signed-out',
    subject: `person:${facts.person}`,
    ...from,
  } as const
  const tenants = facts.tenants.map(({ tenant }) => tenant)
  await changeOfPerson(app, tenants, async (sql) => {
    await endSession(sql, of)
    return { value: undefined, entry }
  })
}

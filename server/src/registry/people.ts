import { type Role, rolePermissions, type Session } from '@pulse/contract'
import {
  type Actor,
  type Clock,
  type Database,
  type FastifyRequest,
  inTenant,
  newId,
  type Principal,
  PulseError,
  record,
} from '#platform'
import { available } from './available.ts'
import { refuse } from './errors.ts'
import { hashPassword, type PasswordCost, verifyPassword } from './passwords.ts'
import {
  deleteSession,
  ensurePerson,
  extendSession,
  insertMembership,
  insertSession,
  type Member,
  type SessionFacts,
  type SignInFacts,
  selectMembers,
  sessionFacts,
  signInFacts,
} from './people-rows.ts'
import { drawSessionToken, isSessionToken, sha256 } from './secrets.ts'
import { createThrottle } from './throttle.ts'

const SESSION_MS = 12 * 3_600_000
/** A session is moved on only when this much of it is used up: not with every request. */
const SLIDE_MS = 15 * 60_000
const WINDOW_MS = 15 * 60_000
/** A whole office may sit behind one address. */
const limits = {
  username: { attempts: 8, windowMs: WINDOW_MS },
  address: { attempts: 60, windowMs: WINDOW_MS },
}

export interface SignIn {
  readonly username: string
  readonly password: string
  readonly address: string
}

export interface NewPerson {
  readonly username: string
  readonly name: string
  readonly password: string
  readonly role: Role
}

/** People, their sessions, and who asks. */
export interface People {
  /** @throws `registry.wrong-password` for unknown and wrong alike, `platform.limited` */
  signIn(facts: SignIn): Promise<Session & { readonly token: string }>
  /** The session of a bearer. @throws `registry.unauthenticated` when there is none */
  session(token: string): Promise<Session>
  signOut(token: string): Promise<void>
  /** Who sends this request; the one seam between the HTTP shell and identity. */
  authenticate(request: FastifyRequest): Promise<Principal | undefined>
  /** Who belongs to a tenant. */
  members(tenant: number): Promise<readonly Member[]>
  /** Makes a person who belongs to `tenant`; one whose username exists keeps their password. */
  createPerson(tenant: number, person: NewPerson, actor: Actor): Promise<{ readonly id: string }>
}

export interface PeopleDeps {
  /** Pool of `pulse_app`. */
  readonly app: Database
  readonly clock: Clock
  readonly passwordCost: PasswordCost
}

export function createPeople(deps: PeopleDeps): People {
  const { app, clock } = deps
  const byUsername = createThrottle(clock, limits.username)
  const byAddress = createThrottle(clock, limits.address)
  // Checked for unknown names, so that they take as long as known ones.
  const nobodysHash = hashPassword(drawSessionToken(), deps.passwordCost)
  nobodysHash.catch(() => {})

  async function facts(token: string): Promise<SessionFacts> {
    if (!isSessionToken(token)) throw refuse.unauthenticated()
    const hash = sha256(token)
    const nowMs = clock.now()
    const found = await available(sessionFacts(app, hash, nowMs))
    if (!found) throw refuse.unauthenticated()
    if (found.expiresAt.getTime() - nowMs < SESSION_MS - SLIDE_MS) {
      await available(extendSession(app, hash, nowMs + SESSION_MS))
      return { ...found, expiresAt: new Date(nowMs + SESSION_MS) }
    }
    return found
  }

  return {
    async signIn({ username: asTyped, password, address }) {
      const username = asTyped.normalize('NFKC').toLowerCase()
      const waitS = Math.max(byAddress.attempt(address), byUsername.attempt(username))
      if (waitS > 0) throw new PulseError('platform.limited', { retryAfterS: waitS })
      const known = await available(signInFacts(app, username))
      const right = await verifyPassword(password, known?.passwordHash ?? (await nobodysHash))
      if (!known || !right) throw refuse.wrongPassword()
      byUsername.forgive(username)
      byAddress.forgive(address)
      return openSession(app, clock, known, address)
    },
    async session(token) {
      return sessionOf(await facts(token))
    },
    signOut: async (token) => endSession(app, await facts(token), sha256(token)),
    async authenticate(request) {
      const token = bearerOf(request)
      return token === undefined ? undefined : principalOf(await facts(token))
    },
    members: (tenant) => inTenant(app, tenant, selectMembers),
    createPerson: (tenant, person, actor) => createPerson({ ...deps, actor }, tenant, person),
  }
}

async function openSession(app: Database, clock: Clock, known: SignInFacts, address: string) {
  const token = drawSessionToken()
  const hash = sha256(token)
  const nowMs = clock.now()
  const session = {
    hash,
    person: known.person,
    createdAtMs: nowMs,
    expiresAtMs: nowMs + SESSION_MS,
  }
  const entry = {
    actor: { kind: 'person', id: known.person },
    action: 'registry.signed-in',
    subject: `person:${known.person}`,
    address,
  } as const
  const [home, ...others] = known.tenants
  // Audit belongs to a tenant: each that the person may enter hears of the sign-in.
  if (home === undefined) await available(insertSession(app, session))
  else {
    await inTenant(app, home, async (sql) => {
      await insertSession(sql, session)
      await record(sql, entry)
    })
  }
  for (const tenant of others) await inTenant(app, tenant, (sql) => record(sql, entry))
  const found = await available(sessionFacts(app, hash, nowMs))
  if (!found) throw refuse.unauthenticated()
  return { ...sessionOf(found), token }
}

async function endSession(app: Database, found: SessionFacts, hash: Buffer): Promise<void> {
  const [home] = found.tenants
  if (!home) return void (await available(deleteSession(app, hash)))
  await inTenant(app, home.tenant, async (sql) => {
    await deleteSession(sql, hash)
    const subject = `person:${found.person}`
    await record(sql, { actor: personActor(found), action: 'registry.signed-out', subject })
  })
}

async function createPerson(
  deps: PeopleDeps & { readonly actor: Actor },
  tenant: number,
  person: NewPerson,
): Promise<{ id: string }> {
  const passwordHash = await hashPassword(person.password, deps.passwordCost)
  return inTenant(deps.app, tenant, async (sql) => {
    const id = await ensurePerson(sql, {
      id: newId('pe', deps.clock.now()),
      username: person.username.normalize('NFKC').toLowerCase(),
      name: person.name,
      passwordHash,
    })
    const joined = await insertMembership(sql, id, person.role)
    if (joined) {
      await record(sql, {
        actor: deps.actor,
        action: 'registry.person-joined',
        subject: `person:${id}`,
        after: { username: person.username, name: person.name, role: person.role },
      })
    }
    return { id }
  })
}

const personActor = (found: SessionFacts): Actor => ({ kind: 'person', id: found.person })

/** The bearer of a request, or undefined when it carries none. */
export function bearerOf(request: FastifyRequest): string | undefined {
  const { authorization } = request.headers
  if (authorization === undefined) return undefined
  return /^Bearer +(\S+)$/i.exec(authorization)?.[1] ?? ''
}

const principalOf = (found: SessionFacts): Principal => ({
  kind: 'person',
  id: found.person,
  name: found.name,
  operator: false,
  tenants: found.tenants.map((member) => ({
    ...member,
    permissions: new Set(rolePermissions[member.role]),
    suspended: false,
    entering: undefined,
  })),
})

const sessionOf = (found: SessionFacts): Session => ({
  person: { id: found.person, name: found.name, username: found.username },
  operator: false,
  tenants: found.tenants.map(({ key, name, region, role }) => ({
    key,
    name,
    region,
    role,
    permissions: [...rolePermissions[role]],
    suspended: false,
    entering: null,
  })),
  expiresAt: found.expiresAt.toISOString(),
})

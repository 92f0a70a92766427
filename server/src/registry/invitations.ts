import type { Invitation, InvitationDraft } from '@pulse/contract'
import {
  type Clock,
  type Database,
  emit,
  inTenant,
  newId,
  PulseError,
  type TenantSql,
} from '#platform'
import { type Grant, lockAccess, permissionsOf, withinOwn } from './access.ts'
import { type Act, audit } from './act.ts'
import { refuse } from './errors.ts'
import {
  insertInvitation,
  type OpenInvitation,
  openInvitation,
  selectInvitation,
  selectInvitations,
  takeInvitation,
  withdrawInvitation,
} from './invitations-rows.ts'
import type { From } from './people.ts'
import { foldEmail, type PasswordKeeper, putAccount } from './people-made.ts'
import { insertMembership } from './people-rows.ts'
import { drawInvitationToken, sha256 } from './secrets.ts'
import { createThrottle } from './throttle.ts'

const HOUR_MS = 3_600_000
/** Nobody can guess a token; this is for those who try, and for the database that they would load. */
const limits = { attempts: 30, windowMs: 15 * 60_000 }

/** What the holder of a link is told. */
export interface Offer {
  readonly tenant: { readonly key: string; readonly name: string }
  readonly email: string
  readonly role: string
  readonly expiresAt: string
}

/** A person who takes an invitation up. */
export interface Invited {
  readonly id: string
  readonly name: string
  readonly email: string | null
  /** An address that nobody verified proves nothing. */
  readonly verified: boolean
}

/** The account that somebody chooses who has none. */
export interface ChosenAccount {
  readonly username: string
  readonly name: string
  readonly password: string
}

/** Invitations into a tenant: a link that works once, until it expires. */
export interface Invitations {
  list(tenant: number): Promise<readonly Invitation[]>
  /**
   * Pulse sends no mail: who invites passes the link on.
   * @throws `registry.unknown-role`, `registry.beyond-own`, `registry.already-member`, `registry.already-invited`
   */
  invite(grant: Grant, draft: InvitationDraft): Promise<Invitation & { readonly token: string }>
  /** Ends an invitation; one that has ended already stays as it is. @throws `registry.unknown-invitation` */
  withdraw(grant: Act, id: string): Promise<void>
  /** @throws `registry.unknown-invitation` for none, used and expired alike, `platform.limited` */
  offer(token: string, address: string): Promise<Offer>
  /**
   * Lets a person who signed in into the tenant. Of two who try at once, one gets in.
   * @throws `registry.unknown-invitation`, `registry.other-email`, `registry.already-member`,
   * `registry.suspended`, `platform.limited`
   */
  accept(token: string, invited: Invited, from: From): Promise<Offer>
  /**
   * Makes an account of Pulse's own for who holds the link, and lets them in, in one transaction.
   * @throws like {@link accept}, and `registry.username-taken`
   */
  join(token: string, account: ChosenAccount, from: From): Promise<{ readonly person: string }>
}

export interface InvitationsDeps {
  readonly app: Database
  readonly clock: Clock
  readonly passwords: PasswordKeeper
  /** Who may do what has changed: what is remembered of it is to be dropped. */
  readonly changed: () => void
}

export function createInvitations(deps: InvitationsDeps): Invitations {
  const { app, clock, changed } = deps
  const find = createGate(deps)
  return {
    list: (tenant) => inTenant(app, tenant, (sql) => selectInvitations(sql, clock.now())),
    invite: (grant, draft) =>
      inTenant(app, grant.tenant, (sql) => invite(sql, clock, grant, draft)),
    withdraw: (act, id) =>
      inTenant(app, act.tenant, async (sql) => {
        const row = await selectInvitation(sql, id, clock.now())
        if (!row) throw refuse.unknownInvitation()
        if (!(await withdrawInvitation(sql, id, clock.now()))) return
        const before = { email: row.email, role: row.role }
        await audit(sql, act, 'registry.invitation-withdrawn', {
          subject: `invitation:${id}`,
          before,
        })
      }),
    offer: async (token, address) => offerOf(await find(token, address)),
    async accept(token, invited, from) {
      const open = await find(token, from.address ?? '')
      const same = invited.verified && foldEmail(invited.email ?? '') === open.email
      if (!same) throw refuse.otherEmail()
      await inTenant(app, open.tenant, (sql) => admit(sql, deps, { open, invited, from }))
      changed()
      return offerOf(open)
    },
    async join(token, chosen, from) {
      const open = await find(token, from.address ?? '')
      const passwordHash = await deps.passwords.hash(chosen.password)
      const person = await inTenant(app, open.tenant, async (sql) => {
        const { username, name } = chosen
        // Who holds the link can read the mail of that address, as far as the inviter took care.
        const account = { username, name, passwordHash, email: open.email }
        const { id, made } = await putAccount(deps, sql, account)
        if (!made) throw refuse.usernameTaken()
        const invited = { id, name, email: open.email, verified: true }
        await admit(sql, deps, { open, invited, from })
        return id
      })
      changed()
      return { person }
    },
  }
}

async function invite(sql: TenantSql, clock: Clock, grant: Grant, draft: InvitationDraft) {
  await lockAccess(sql)
  const permissions = await permissionsOf(sql, draft.role)
  if (!permissions) throw refuse.unknownRole()
  withinOwn(grant, permissions)
  const email = foldEmail(draft.email)
  const nowMs = clock.now()
  const [member] = await sql`select from registry.members() where email = ${email}`
  if (member) throw refuse.alreadyMember()
  const others = await selectInvitations(sql, nowMs)
  if (others.some((other) => other.email === email && other.state === 'open')) {
    throw refuse.alreadyInvited()
  }
  const { token, hash } = drawInvitationToken()
  const made: Invitation = {
    id: newId('iv', nowMs),
    email,
    role: draft.role,
    state: 'open',
    invitedBy: grant.actor.name ?? grant.actor.id,
    createdAt: new Date(nowMs).toISOString(),
    expiresAt: new Date(nowMs + draft.hours * HOUR_MS).toISOString(),
  }
  await insertInvitation(sql, made, { hash, by: grant.actor.id })
  const { id, role, expiresAt } = made
  const after = { email, role, expiresAt }
  await audit(sql, grant, 'registry.person-invited', { subject: `invitation:${id}`, after })
  return { ...made, token }
}

interface Admission {
  readonly open: OpenInvitation
  readonly invited: Invited
  readonly from: From
}

/** Uses the invitation up and makes the membership; both or neither. */
async function admit(sql: TenantSql, deps: InvitationsDeps, { open, invited, from }: Admission) {
  if (open.suspended) throw refuse.suspended()
  const nowMs = deps.clock.now()
  await lockAccess(sql)
  if (!(await takeInvitation(sql, { id: open.id, person: invited.id, nowMs }))) {
    throw refuse.unknownInvitation()
  }
  if (!(await insertMembership(sql, invited.id, open.role, 'invited'))) throw refuse.alreadyMember()
  const actor = { kind: 'person', id: invited.id, name: invited.name } as const
  const act = { tenant: open.tenant, actor, ...from }
  const subject = `person:${invited.id}`
  const after = { name: invited.name, email: open.email, role: open.role, invitation: open.id }
  await audit(sql, act, 'registry.person-joined', { subject, after })
  const type = 'registry.member-changed'
  await emit(sql, [{ type, tenant: open.tenant, subject, data: { person: invited.id } }], nowMs)
}

/** Finds what a token opens; throttled for each address, before the database is asked. */
function createGate({ app, clock }: InvitationsDeps) {
  const byAddress = createThrottle(clock, limits)
  return async (token: string, address: string): Promise<OpenInvitation> => {
    const waitS = byAddress.attempt(address)
    if (waitS > 0) throw new PulseError('platform.limited', { retryAfterS: waitS })
    const open = await openInvitation(app, sha256(token), clock.now())
    if (!open) throw refuse.unknownInvitation()
    byAddress.forgive(address)
    return open
  }
}

const offerOf = ({ tenantKey, tenantName, email, role, expiresAt }: OpenInvitation): Offer => ({
  tenant: { key: tenantKey, name: tenantName },
  email,
  role,
  expiresAt: expiresAt.toISOString(),
})

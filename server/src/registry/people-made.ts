import type { Role } from '@pulse/contract'
import {
  type Actor,
  type AuditEntry,
  type Clock,
  type Database,
  emit,
  inTenant,
  newId,
  record,
  recordForPlatform,
  type TenantSql,
} from '#platform'
import { available } from './available.ts'
import { ensurePerson, insertMembership, type NewAccountPerson } from './people-rows.ts'

/** A person who gets an account of Pulse's own. */
export interface NewPerson {
  readonly username: string
  readonly name: string
  readonly password: string
  /** In the tenant. */
  readonly role?: Role
  /** Taken as verified. */
  readonly email?: string
  readonly operator?: boolean
  /** The first sign-in asks for a new password. */
  readonly mustChange?: boolean
}

/** What keeps the passwords of accounts. */
export interface PasswordKeeper {
  hash(password: string): Promise<string>
  put(sql: TenantSql, person: string, passwordHash: string, mustChange: boolean): Promise<void>
}

export interface MadeDeps {
  readonly app: Database
  readonly clock: Clock
  readonly passwords: PasswordKeeper
}

/** Usernames are compared as they look, in small letters. */
export const usernameOf = (typed: string): string => typed.normalize('NFKC').trim().toLowerCase()
/** E-mail addresses are compared like that too: no provider of any size tells them apart by case. */
export const foldEmail = (email: string): string => email.normalize('NFKC').trim().toLowerCase()

/** Makes a person and their account, or finds who has this username, and lets them into the tenant. */
export async function makePerson(
  deps: MadeDeps,
  tenant: number | undefined,
  person: NewPerson,
  actor: Actor,
): Promise<{ readonly id: string }> {
  const passwordHash = await deps.passwords.hash(person.password)
  const account = { ...person, passwordHash }
  if (tenant === undefined) {
    return available(
      deps.app.begin(async (sql) => {
        const { id, made } = await putAccount(deps, sql as unknown as TenantSql, account)
        if (made) await recordForPlatform(sql, entryOf('registry.person-made', id, person, actor))
        return { id }
      }),
    )
  }
  return inTenant(deps.app, tenant, async (sql) => {
    const { id } = await putAccount(deps, sql, account)
    const { role } = person
    if (role === undefined || !(await insertMembership(sql, id, role, 'made'))) return { id }
    await record(sql, entryOf('registry.person-joined', id, person, actor))
    const event = { type: 'registry.member-changed', tenant, subject: `person:${id}` } as const
    await emit(sql, [{ ...event, data: { person: id } }], deps.clock.now())
    return { id }
  })
}

const entryOf = (
  action: string,
  id: string,
  { username, name, role, operator }: NewPerson,
  actor: Actor,
): AuditEntry => ({
  actor,
  action,
  subject: `person:${id}`,
  after: { username: usernameOf(username), name, role, operator },
})

interface NewAccount extends Omit<NewPerson, 'password'> {
  readonly passwordHash: string
}

/** Makes a person with their account; `made` is false when the username is taken, and nothing is changed. */
export async function putAccount(
  { clock, passwords }: Pick<MadeDeps, 'clock' | 'passwords'>,
  sql: TenantSql,
  account: NewAccount,
): Promise<{ readonly id: string; readonly made: boolean }> {
  const person: NewAccountPerson = {
    id: newId('pe', clock.now()),
    username: usernameOf(account.username),
    name: account.name,
    email: account.email === undefined ? null : foldEmail(account.email),
    emailVerified: account.email !== undefined,
    operator: account.operator === true,
  }
  const found = await ensurePerson(sql, person)
  if (found.made) {
    await passwords.put(sql, found.id, account.passwordHash, account.mustChange === true)
  }
  return found
}

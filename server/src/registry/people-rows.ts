import type { Role } from '@pulse/contract'
import type { Database, TenantSql } from '#platform'

export interface SignInFacts {
  readonly person: string
  readonly passwordHash: string
  readonly tenants: readonly number[]
}

export interface SessionFacts {
  readonly person: string
  readonly username: string
  readonly name: string
  readonly expiresAt: Date
  readonly tenants: readonly {
    readonly tenant: number
    readonly key: string
    readonly name: string
    readonly region: string
    readonly role: Role
  }[]
}

/** The tables of people are reached only through functions that say what they give. */
export async function signInFacts(
  sql: Database,
  username: string,
): Promise<SignInFacts | undefined> {
  const [row] = await sql<SignInFacts[]>`
    select person, password_hash as "passwordHash", tenants from registry.sign_in_facts(${username})`
  return row
}

export async function sessionFacts(
  sql: Database | TenantSql,
  hash: Buffer,
  nowMs: number,
): Promise<SessionFacts | undefined> {
  const [row] = await sql<SessionFacts[]>`
    select person, username, name, expires_at as "expiresAt", tenants
      from registry.session_facts(${hash}, ${new Date(nowMs)})`
  return row
}

export interface NewSession {
  readonly hash: Buffer
  readonly person: string
  readonly createdAtMs: number
  readonly expiresAtMs: number
}

export const insertSession = (sql: Database | TenantSql, session: NewSession) => sql`
  select registry.open_session(${session.hash}, ${session.person},
                               ${new Date(session.createdAtMs)}, ${new Date(session.expiresAtMs)})`

export const extendSession = (sql: Database, hash: Buffer, expiresAtMs: number) =>
  sql`select registry.extend_session(${hash}, ${new Date(expiresAtMs)})`

export const deleteSession = (sql: TenantSql | Database, hash: Buffer) =>
  sql`select registry.end_session(${hash})`

export async function ensurePerson(
  sql: TenantSql,
  person: {
    readonly id: string
    readonly username: string
    readonly name: string
    readonly passwordHash: string
  },
): Promise<string> {
  const [row] = await sql<{ id: string }[]>`
    select registry.ensure_person(${person.id}, ${person.username}, ${person.name}, ${person.passwordHash}) as id`
  if (!row) throw new Error('the person was neither made nor found')
  return row.id
}

/** Makes somebody a member of the transaction's tenant; true when they were none before. */
export async function insertMembership(
  sql: TenantSql,
  person: string,
  role: Role,
): Promise<boolean> {
  const rows = await sql`
    insert into registry.membership (person, role) values (${person}, ${role})
    on conflict (tenant, person) do nothing returning person`
  return rows.length > 0
}

/** A person as their fellows in a tenant see them. */
export interface Member {
  readonly person: string
  readonly username: string
  readonly name: string
  readonly role: Role
}

export const selectMembers = (sql: TenantSql) =>
  sql<Member[]>`select person, username, name, role from registry.members() order by name, person`

import type { Database, TenantSql } from '#platform'
import { available } from './available.ts'

/** Where a person belongs and may enter. `permissions` is null for a built-in role. */
export interface MembershipFacts {
  readonly tenant: number
  readonly key: string
  readonly name: string
  readonly region: string
  readonly suspended: boolean
  readonly role: string
  readonly permissions: readonly string[] | null
}

/** A person as their tokens find them. */
export interface PersonFacts {
  readonly person: string
  readonly username: string
  readonly name: string
  readonly email: string | null
  readonly emailVerified: boolean
  readonly active: boolean
  readonly operator: boolean
  /** Digest of what the issuer last told, and when that token was issued; null before the first. */
  readonly told: Buffer | null
  readonly toldAt: Date | null
  /** When the sign-in that was asked about was ended. */
  readonly endedAt: Date | null
  readonly tenants: readonly MembershipFacts[]
}

/** The tables of people are reached only through functions that say what they give. */
export async function selectPerson(
  sql: Database,
  of: { readonly issuer: string; readonly subject: string; readonly session: string | null },
): Promise<PersonFacts | undefined> {
  const [row] = await available(sql<PersonFacts[]>`
    select * from registry.person_facts(${of.issuer}, ${of.subject}, ${of.session})`)
  return row
}

export const endSession = (
  sql: TenantSql | Database,
  of: { issuer: string; session: string; atMs: number; untilMs: number },
) => sql`
  select registry.end_session(${of.issuer}, ${of.session}, ${new Date(of.atMs)},
                                 ${new Date(of.untilMs)})`

export interface NewAccountPerson {
  readonly id: string
  readonly username: string
  readonly name: string
  readonly email: string | null
  readonly emailVerified: boolean
  readonly operator: boolean
}

/** Makes a person of the embedded provider; `made` is false when the username is taken. */
export async function ensurePerson(
  sql: TenantSql | Database,
  person: NewAccountPerson,
): Promise<{ readonly id: string; readonly made: boolean }> {
  const [row] = await sql<{ id: string; made: boolean }[]>`
    select * from registry.ensure_person(${person.id}, ${person.username}, ${person.name},
      ${person.email}, ${person.emailVerified}, ${person.operator})`
  if (!row) throw new Error('the person was neither made nor found')
  return row
}

/** Makes somebody a member of the transaction's tenant; true when they were none before. */
export async function insertMembership(
  sql: TenantSql,
  person: string,
  role: string,
  source: 'invited' | 'claims' | 'made',
): Promise<boolean> {
  const rows = await sql`
    insert into registry.membership (person, role, source) values (${person}, ${role}, ${source})
    on conflict (tenant, person) do nothing returning person`
  return rows.length > 0
}

/** A person as their fellows in a tenant see them. */
export interface MemberRow {
  readonly person: string
  readonly username: string
  readonly name: string
  readonly email: string | null
  readonly role: string
  readonly active: boolean
  readonly source: 'invited' | 'claims' | 'made'
  readonly joinedAt: Date
  readonly lastSeenAt: Date | null
}

export const selectMembers = (sql: TenantSql) =>
  sql<MemberRow[]>`select * from registry.members() order by name, person`

export const noteSeen = (
  sql: Database,
  seen: readonly { readonly tenant: number; readonly person: string; readonly atMs: number }[],
) => sql`
  select registry.note_seen(${seen.map(({ tenant }) => tenant)}::bigint[],
    ${seen.map(({ person }) => person)}::text[],
    ${seen.map(({ atMs }) => new Date(atMs).toISOString())}::text[]::timestamptz[])`

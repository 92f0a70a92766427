import { createHash } from 'node:crypto'
import { roles as builtIn, type Permission, slug } from '@pulse/contract'
import type postgres from 'postgres'
import {
  type Actor,
  type Clock,
  type Database,
  emit,
  newId,
  record,
  recordForPlatform,
  type TenantSql,
  turnTo,
} from '#platform'
import { lockAccess, permissionsOf } from './access.ts'
import { available } from './available.ts'
import type { Identity } from './identity.ts'
import { foldEmail, usernameOf } from './people-made.ts'
import { insertMembership, type PersonFacts } from './people-rows.ts'

/** A tenant or role that did not exist when it was claimed is looked for again after this. */
const AGAIN_MS = 10 * 60_000

export interface ClaimsDeps {
  readonly app: Database
  readonly clock: Clock
  /** The claimed role that makes an operator of the platform; none when undefined. */
  readonly operatorRole: string | undefined
}

/** An identity of another issuer, which says by itself where its person belongs. */
export type ForeignIdentity = Identity & { readonly claimed: NonNullable<Identity['claimed']> }
export const isForeign = (identity: Identity): identity is ForeignIdentity =>
  identity.claimed !== undefined && identity.issuer !== 'embedded'

/** True when the token tells something that is newer than what is kept of its person. */
export function isNews(facts: PersonFacts | undefined, identity: ForeignIdentity): boolean {
  if (!facts?.toldAt || !facts.told) return true
  const laterMs = identity.issuedAt.getTime() - facts.toldAt.getTime()
  return laterMs > 0 && (laterMs > AGAIN_MS || !facts.told.equals(toldBy(identity)))
}

function toldBy({ username, name, email, emailVerified, claimed }: ForeignIdentity): Buffer {
  const { tenants, roles } = claimed
  const told = [username, name, email, emailVerified, [...tenants].sort(), [...roles].sort()]
  return createHash('sha256').update(JSON.stringify(told)).digest()
}

type AnySql = postgres.TransactionSql<{ bigint: number }>

/**
 * Takes over what a token tells: makes the person, and brings their claimed memberships in line, in
 * one transaction. Memberships that were made here stay as they are. Of two tokens the one that was
 * issued later wins, in whatever order they come.
 */
export async function takeClaims(deps: ClaimsDeps, identity: ForeignIdentity): Promise<void> {
  await available(
    deps.app.begin(async (sql) => {
      const person = await admit(sql, deps, identity)
      if (!(await noteIdentity(sql, deps, person, identity))) return
      const claimed = await sql<{ id: number; key: string }[]>`
        select * from registry.tenant_ids(${identity.claimed.tenants.filter(isKey)}::text[])`
      const had = await sql<{ id: number }[]>`select * from registry.claimed_tenants(${person})`
      const keys = new Map<number, string | undefined>([
        ...had.map(({ id }) => [id, undefined] as const),
        ...claimed.map(({ id, key }) => [id, key] as const),
      ])
      // In the order of their ids: two such transactions never wait for each other in a ring.
      for (const [tenant, key] of [...keys].sort(([a], [b]) => a - b)) {
        const roles = key === undefined ? [] : rolesFor(key, identity.claimed.roles)
        await follow(await turnTo(sql, tenant), { deps, tenant, person, identity, roles })
      }
    }),
  )
}

const isKey = (name: string): boolean => slug.safeParse(name).success

const actorOf = ({ issuer }: Identity): Actor => ({ kind: 'system', id: issuer })

async function admit(sql: AnySql, { clock }: ClaimsDeps, identity: Identity): Promise<string> {
  const { issuer, subject, username, name } = identity
  const [row] = await sql<{ id: string; made: boolean }[]>`
    select * from registry.admit_person(${newId('pe', clock.now())}, ${issuer}, ${subject},
                                        ${usernameOf(username)}, ${name})`
  if (!row) throw new Error('the person was neither made nor found')
  if (row.made) {
    await recordForPlatform(sql, {
      actor: actorOf(identity),
      action: 'registry.person-admitted',
      subject: `person:${row.id}`,
      after: { issuer, subject, username, name },
    })
  }
  return row.id
}

/** False when a later token has told already. */
async function noteIdentity(
  sql: AnySql,
  { operatorRole }: ClaimsDeps,
  person: string,
  identity: ForeignIdentity,
): Promise<boolean> {
  const operator = operatorRole === undefined ? null : identity.claimed.roles.includes(operatorRole)
  const [row] = await sql<{ was: boolean | null }[]>`
    select registry.note_identity(${person}, ${toldBy(identity)}, ${identity.issuedAt},
      ${usernameOf(identity.username)}, ${identity.name},
      ${identity.email === undefined ? null : foldEmail(identity.email)},
      ${identity.emailVerified}, ${operator}) as was`
  const was = row?.was ?? null
  if (was === null) return false
  if (operator !== null && operator !== was) {
    await recordForPlatform(sql, {
      actor: actorOf(identity),
      action: operator ? 'registry.operator-made' : 'registry.operator-ended',
      subject: `person:${person}`,
    })
  }
  return true
}

/** The roles that are claimed for one tenant: plain ones hold in each, `tenant/role` in that one. */
const rolesFor = (tenant: string, roles: readonly string[]): readonly string[] =>
  roles.flatMap((role) => {
    const [of, own] = role.split('/', 2)
    if (own === undefined) return [role]
    return of === tenant ? [own] : []
  })

interface Following {
  readonly deps: ClaimsDeps
  readonly tenant: number
  readonly person: string
  readonly identity: Identity
  /** Empty: the person does not belong to the tenant. */
  readonly roles: readonly string[]
}

async function follow(sql: TenantSql, following: Following): Promise<void> {
  const { person, roles, tenant, deps } = following
  await lockAccess(sql)
  const [has] = await sql<{ role: string; source: string }[]>`
    select role, source from registry.membership where person = ${person}`
  if (has && has.source !== 'claims') return
  const role = await strongest(sql, roles)
  if (role === has?.role) return
  const told = (action: string) =>
    record(sql, {
      actor: actorOf(following.identity),
      action,
      subject: `person:${person}`,
      before: has && { role: has.role },
      after: role === undefined ? undefined : { role, source: 'claims' },
    })
  if (role === undefined) {
    await sql`delete from registry.membership where person = ${person}`
    await told('registry.member-removed')
  } else if (has) {
    await sql`update registry.membership set role = ${role} where person = ${person}`
    await told('registry.member-changed')
  } else {
    await insertMembership(sql, person, role, 'claims')
    await told('registry.person-joined')
  }
  const type = 'registry.member-changed'
  const event = { type, tenant, subject: `person:${person}`, data: { person } } as const
  await emit(sql, [event], deps.clock.now())
}

/** The built-in role that may do most, else the first of the tenant's own; undefined for none known. */
async function strongest(sql: TenantSql, roles: readonly string[]): Promise<string | undefined> {
  const ranked = builtIn.filter((role) => roles.includes(role))
  const best = ranked.at(-1)
  if (best !== undefined) return best
  for (const role of roles.filter(isKey).sort()) {
    const permissions: readonly Permission[] | undefined = await permissionsOf(sql, role)
    if (permissions) return role
  }
  return undefined
}

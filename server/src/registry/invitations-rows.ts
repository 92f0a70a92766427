import type { Invitation } from '@pulse/contract'
import type { Database, TenantSql } from '#platform'
import { available } from './available.ts'

/** An invitation that can be accepted, found by its token. */
export interface OpenInvitation {
  readonly id: string
  readonly email: string
  readonly role: string
  readonly expiresAt: Date
  readonly tenant: number
  readonly tenantKey: string
  readonly tenantName: string
  readonly suspended: boolean
}

export async function openInvitation(
  sql: Database,
  hash: Buffer,
  nowMs: number,
): Promise<OpenInvitation | undefined> {
  const [row] = await available(sql<OpenInvitation[]>`
    select * from registry.open_invitation(${hash}, ${new Date(nowMs)})`)
  return row
}

type Row = Omit<Invitation, 'createdAt' | 'expiresAt'> & {
  readonly createdAt: Date
  readonly expiresAt: Date
}

const columns = (sql: TenantSql, nowMs: number) => sql`
  id, email, role, invited_by_name as "invitedBy", created_at as "createdAt",
  expires_at as "expiresAt",
  case when accepted_at is not null then 'accepted' when withdrawn_at is not null then 'withdrawn'
       when expires_at <= ${new Date(nowMs)} then 'expired' else 'open' end as state`

/** Those that have not ended first, then the newest; 1,000 at most. */
export async function selectInvitations(sql: TenantSql, nowMs: number): Promise<Invitation[]> {
  const rows = await sql<Row[]>`
    select * from (select ${columns(sql, nowMs)} from registry.invitation) of_all
     order by state = 'open' desc, "createdAt" desc limit 1000`
  return rows.map(wire)
}

export async function selectInvitation(
  sql: TenantSql,
  id: string,
  nowMs: number,
): Promise<Invitation | undefined> {
  const [row] = await sql<Row[]>`
    select ${columns(sql, nowMs)} from registry.invitation where id = ${id}`
  return row && wire(row)
}

const wire = (row: Row): Invitation => ({
  ...row,
  createdAt: row.createdAt.toISOString(),
  expiresAt: row.expiresAt.toISOString(),
})

export const insertInvitation = (
  sql: TenantSql,
  made: Invitation,
  { hash, by }: { readonly hash: Buffer; readonly by: string },
) => sql`
  insert into registry.invitation
    (id, email, role, token_hash, invited_by, invited_by_name, created_at, expires_at)
  values (${made.id}, ${made.email}, ${made.role}, ${hash}, ${by}, ${made.invitedBy},
          ${made.createdAt}, ${made.expiresAt})`

/** True once: of two who accept at the same time, the second finds it used. */
export async function takeInvitation(
  sql: TenantSql,
  { id, person, nowMs }: { readonly id: string; readonly person: string; readonly nowMs: number },
): Promise<boolean> {
  const rows = await sql`
    update registry.invitation set accepted_at = ${new Date(nowMs)}, accepted_by = ${person}
     where id = ${id} and accepted_at is null and withdrawn_at is null
       and expires_at > ${new Date(nowMs)} returning id`
  return rows.length > 0
}

/** False when it had ended already. */
export async function withdrawInvitation(
  sql: TenantSql,
  id: string,
  nowMs: number,
): Promise<boolean> {
  const rows = await sql`
    update registry.invitation set withdrawn_at = ${new Date(nowMs)}
     where id = ${id} and accepted_at is null and withdrawn_at is null returning id`
  return rows.length > 0
}

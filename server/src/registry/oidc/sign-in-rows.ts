import type { Database, TenantSql } from '#platform'
import { available } from '../available.ts'

export interface SignInNote {
  readonly sid: string
  readonly person: string
  readonly atMs: number
  readonly expiresAtMs: number
  readonly address: string | undefined
  readonly agent: string | undefined
  readonly grantId: string | undefined
}

/** Notes that tokens are given out: for a sign-in that is new, goes on, or has ended. */
export async function noteSignIn(
  sql: Database | TenantSql,
  note: SignInNote,
): Promise<'began' | 'seen' | 'ended'> {
  const [row] = await sql<{ what: 'began' | 'seen' | 'ended' }[]>`
    select registry.note_sign_in(${note.sid}, ${note.person}, ${new Date(note.atMs)},
      ${new Date(note.expiresAtMs)}, ${note.address ?? null}, ${note.agent ?? null},
      ${note.grantId ?? null}) as what`
  if (!row) throw new Error('the sign-in was neither made nor found')
  return row.what
}

export interface SignInRow {
  readonly sid: string
  readonly beganAt: Date
  readonly seenAt: Date
  readonly address: string | null
  readonly agent: string | null
}

/** The sign-ins of a person that have not ended, the last seen first. */
export const selectSignIns = (sql: Database, person: string, nowMs: number) =>
  available(sql<SignInRow[]>`select * from registry.sign_ins_of(${person}, ${new Date(nowMs)})`)

/** Ends one sign-in of a person, or all but one, with what the provider keeps for them. */
export async function endSignInRows(
  sql: TenantSql,
  person: string,
  which: { readonly only: string } | { readonly but: string | undefined },
  nowMs: number,
): Promise<readonly string[]> {
  const only = 'only' in which ? which.only : null
  const but = 'but' in which ? (which.but ?? null) : null
  const [row] = await sql<{ ended: string[] }[]>`
    select registry.end_sign_ins(${person}, ${only}, ${but}, ${new Date(nowMs)}) as ended`
  return row?.ended ?? []
}

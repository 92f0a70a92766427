import type { Database, TenantSql } from '#platform'
import { available } from '../available.ts'

/** What the embedded provider knows of a person. */
export interface AccountRow {
  readonly person: string
  readonly username: string
  readonly name: string
  readonly email: string | null
  readonly emailVerified: boolean
  readonly active: boolean
  readonly passwordHash: string
  readonly passwordChangedAt: Date
  readonly mustChange: boolean
  /** Sealed. */
  readonly totp: string | null
  readonly totpOffered: string | null
  readonly totpStep: number
  readonly tenants: readonly number[]
}

/** Finds an account by its username or its person. */
export async function findAccount(
  sql: Database,
  by: { readonly username: string } | { readonly person: string },
): Promise<AccountRow | undefined> {
  const username = 'username' in by ? by.username : null
  const person = 'person' in by ? by.person : null
  const [row] = await available(sql<AccountRow[]>`
    select * from registry.account_facts(${username}, ${person})`)
  return row
}

export const putAccount = (
  sql: TenantSql,
  facts: { person: string; passwordHash: string; mustChange: boolean; atMs: number },
) => sql`
  select registry.put_account(${facts.person}, ${facts.passwordHash}, ${facts.mustChange},
                              ${new Date(facts.atMs)})`

export const offerTotp = (sql: Database, person: string, sealed: string) =>
  available(sql`select registry.offer_totp(${person}, ${sealed})`)

/** Puts a sealed secret in force, or with null takes the second factor away. */
export const setTotp = (sql: TenantSql, person: string, sealed: string | null, step: number) => sql`
  select registry.set_totp(${person}, ${sealed}, ${step})`

/** True once for each time step: a code works once. */
export async function takeTotpStep(sql: Database, person: string, step: number): Promise<boolean> {
  const [row] = await available(sql<{ taken: boolean }[]>`
    select registry.take_totp_step(${person}, ${step}) as taken`)
  return row?.taken === true
}

import type { JWK } from 'jose'
import { type Database, recordForPlatform } from '#platform'
import { available } from '../available.ts'

/** A key as it is kept. The private part is sealed by the vault. */
export interface KeyRow {
  readonly kid: string
  readonly use: 'token' | 'cookie'
  readonly sealed: string
  readonly public: JWK | null
  readonly createdAt: Date
  readonly retiredAt: Date | null
}

/** Keys that are active, or were retired after an instant; the active one of a use comes first. */
export const selectKeys = (sql: Database, retiredAfterMs: number) =>
  available(sql<KeyRow[]>`select * from registry.oidc_keys(${new Date(retiredAfterMs)})`)

const actor = { kind: 'system', id: 'sign-in' } as const

/**
 * Adds a key and retires the active one of its use, when that is older than `olderThanMs`.
 * False when another process was quicker: then its key is the active one.
 */
export async function insertKey(
  app: Database,
  key: Omit<KeyRow, 'createdAt' | 'retiredAt'>,
  nowMs: number,
  olderThanMs: number,
): Promise<boolean> {
  const work = app.begin(async (sql) => {
    const [row] = await sql<{ added: boolean }[]>`
      select registry.add_oidc_key(${key.kid}, ${key.use}, ${key.sealed},
        ${key.public === null ? null : JSON.stringify(key.public)}::text::jsonb,
        ${new Date(nowMs)}, ${new Date(olderThanMs)}) as added`
    if (!row?.added) return false
    const subject = `sign-in-key:${key.kid}`
    const after = { use: key.use }
    await recordForPlatform(sql, { actor, action: 'registry.sign-in-key-made', subject, after })
    return true
  })
  return (await available(work)) as boolean
}

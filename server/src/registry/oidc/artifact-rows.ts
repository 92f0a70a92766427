import type { Database } from '#platform'
import { available } from '../available.ts'

/** One thing that the provider keeps: a session, a grant, a code, a refresh token, an interaction. */
export interface Artifact {
  readonly kind: string
  readonly idHash: Buffer
  readonly grantId: string | undefined
  readonly uid: string | undefined
  readonly payload: object
  readonly expiresAt: Date
}

export interface KeptArtifact {
  readonly payload: Record<string, unknown>
  readonly consumedAt: Date | null
}

export const putArtifact = (sql: Database, artifact: Artifact) =>
  available(sql`
    select registry.put_oidc_artifact(${artifact.kind}, ${artifact.idHash},
      ${artifact.grantId ?? null}, ${artifact.uid ?? null},
      ${JSON.stringify(artifact.payload)}::text::jsonb, ${artifact.expiresAt})`)

/** Finds by the hash of the id, or by `uid`. Nothing for what has expired. */
export async function findArtifact(
  sql: Database,
  kind: string,
  by: { readonly idHash: Buffer } | { readonly uid: string },
  nowMs: number,
): Promise<KeptArtifact | undefined> {
  const idHash = 'idHash' in by ? by.idHash : null
  const uid = 'uid' in by ? by.uid : null
  const [row] = await available(sql<KeptArtifact[]>`
    select payload, consumed_at as "consumedAt"
      from registry.oidc_artifact(${kind}, ${idHash}, ${uid}, ${new Date(nowMs)})`)
  return row
}

/** True for the one who consumes it; false when it was consumed before. */
export async function consumeArtifact(
  sql: Database,
  kind: string,
  idHash: Buffer,
  nowMs: number,
): Promise<boolean> {
  const [row] = await available(sql<{ mine: boolean }[]>`
    select registry.consume_oidc_artifact(${kind}, ${idHash}, ${new Date(nowMs)}) as mine`)
  return row?.mine === true
}

export const deleteArtifact = (sql: Database, kind: string, idHash: Buffer) =>
  available(sql`select registry.delete_oidc_artifact(${kind}, ${idHash})`)

/** Deletes what one kind keeps of a grant. */
export const deleteGrant = (sql: Database, kind: string, grantId: string) =>
  available(sql`select registry.delete_oidc_grant(${kind}, ${grantId})`)

/** Deletes what has expired, and keys that were retired before `retiredBeforeMs`. */
export const sweepIdentity = (sql: Database, nowMs: number, retiredBeforeMs: number) =>
  available(sql`select registry.sweep_identity(${new Date(nowMs)}, ${new Date(retiredBeforeMs)})`)

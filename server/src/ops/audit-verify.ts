import type { AuditVerification } from '@pulse/contract'
import { type Clock, type Database, inTenant } from '#platform'
import type { AuditRow } from './audit-canonical.ts'
import {
  type Anchor,
  type ChainVerifier,
  chainVerifier,
  MAX_FAULTS,
  nameOf,
  type Proof,
} from './audit-chain.ts'
import { selectHead, selectLinks, selectStrays, selectTail, type Tail } from './audit-rows.ts'

export interface VerifyDeps {
  /** A pool that may read the log of `tenant`: of `pulse_app`, or of `pulse_sealer` for the platform's. */
  readonly db: Database
  readonly clock: Clock
}

export interface VerifyOptions {
  readonly expect?: Anchor | undefined
  /** Called after each page: links that are checked, and how many there are. */
  readonly onProgress?: (checked: number, total: number) => void
}

/**
 * Verifies the chain of a tenant and looks for rows beside it. Reads pages, each in a transaction
 * of its own: a chain of any length needs the same memory, and holds no connection. What is sealed
 * meanwhile is left for the next time.
 */
export async function verifyTenant(
  { db, clock }: VerifyDeps,
  tenant: number,
  { expect, onProgress }: VerifyOptions = {},
): Promise<AuditVerification> {
  const beganMs = clock.now()
  const verifier = chainVerifier({ expect })
  const head = await inTenant(db, tenant, (sql) => selectHead(sql, tenant))
  const total = head?.position ?? 0
  for (let at = 0; at < total; ) {
    const links = await inTenant(db, tenant, (sql) => selectLinks(sql, tenant, { after: at }))
    const wanted = links.filter(({ seal }) => seal.position <= total)
    for (const link of wanted) verifier.take(link)
    at = wanted.at(-1)?.seal.position ?? total
    onProgress?.(at, total)
  }
  const strays = await inTenant(db, tenant, (sql) => selectStrays(sql, tenant, MAX_FAULTS + 1))
  const tail = await inTenant(db, tenant, (sql) => selectTail(sql, tenant))
  blameStrays(verifier, strays, tail)
  return verificationOf(verifier.finish(), tail, { beganMs, nowMs: clock.now() })
}

function blameStrays(verifier: ChainVerifier, strays: readonly AuditRow[], tail: Tail): void {
  for (const row of strays) {
    verifier.blame({
      kind: 'inserted',
      position: null,
      id: row.id,
      action: row.action,
      at: row.at,
      text: `${nameOf(row)} has no seal and does not wait for one.`,
    })
  }
  for (const id of tail.gone) {
    verifier.blame({
      kind: 'missing',
      position: null,
      id,
      action: null,
      at: null,
      text: `Row ${id}, which waited for its seal, is gone.`,
    })
  }
}

/** What was found out, as the API and the command line tell it. */
export function verificationOf(
  { checked, head, faults, moreFaults }: Proof,
  tail: Pick<Tail, 'rows' | 'oldestAt'>,
  { beganMs, nowMs }: { readonly beganMs: number; readonly nowMs: number },
): AuditVerification {
  return {
    proven: faults.length === 0,
    checked,
    head: head ?? null,
    unsealed: {
      rows: tail.rows,
      oldestAgeS:
        tail.oldestAt === null ? null : Math.max(0, nowMs - tail.oldestAt.getTime()) / 1000,
    },
    faults: [...faults],
    moreFaults,
    at: new Date(beganMs).toISOString(),
    tookMs: nowMs - beganMs,
  }
}

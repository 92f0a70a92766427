import type {
  AuditAnswer,
  AuditRecord,
  AuditVerification,
  AuditVerificationAnswer,
  auditExportQuery,
  auditQuery,
  auditVerificationQuery,
} from '@pulse/contract'
import type { z } from 'zod'
import {
  type Clock,
  type ConnectionFacts,
  connect,
  type Database,
  inTenant,
  type Log,
} from '#platform'
import type { Anchor } from './audit-chain.ts'
import { exportCsv, exportNdjson } from './audit-export.ts'
import { type SealableRow, selectRows, selectTail } from './audit-rows.ts'
import { createSealer } from './audit-sealer.ts'
import { verifyTenant } from './audit-verify.ts'

export interface AuditDeps {
  /** Pool of `pulse_app`. */
  readonly app: Database
  /** Of `pulse_sealer`. */
  readonly facts: ConnectionFacts
  readonly clock: Clock
  readonly log: Log
}

/** Which log is meant: that of a tenant, or with tenant 0 that of the platform itself. */
export interface AuditOf {
  readonly tenant: number
  /** As an export names it. */
  readonly key: string
}

/** The audit log: sealing, and what people ask of it. */
export interface Audit {
  /** Seals what waits from an earlier run, and goes on sealing until stopped. */
  start(): Promise<void>
  /** Seals what waits now; it happens by itself within half a second. */
  seal(): Promise<void>
  /** Newest first. */
  list(tenant: number, query: z.infer<typeof auditQuery>): Promise<AuditAnswer>
  /**
   * Verifies the chain, or answers a result that is young enough. A long chain is answered as
   * `running` after two seconds; whoever asks again learns how far it is.
   */
  verification(
    tenant: number,
    query: z.infer<typeof auditVerificationQuery>,
  ): Promise<AuditVerificationAnswer>
  /** The text of an export, in pieces. */
  export(of: AuditOf, query: z.infer<typeof auditExportQuery>): AsyncGenerator<string>
  stop(): Promise<void>
}

export function createAudit(deps: AuditDeps): Audit {
  const { app, facts, clock } = deps
  const sealer = createSealer(deps)
  // No request reads the log of the platform: pulse_app may not.
  const platform = connect(facts, 'pulse_sealer', { max: 2, name: 'pulse platform audit' })
  const poolOf = (tenant: number): Database => (tenant === 0 ? platform : app)
  const verification = createVerifications({ poolOf, clock })
  return {
    start: sealer.start,
    seal: sealer.seal,
    list: (tenant, query) => list(poolOf(tenant), tenant, query),
    verification,
    export: ({ tenant, key }, { format, ...filter }) => {
      const options = { tenant, tenantKey: key, filter, at: new Date(clock.now()).toISOString() }
      const write = format === 'csv' ? exportCsv : exportNdjson
      return write(poolOf(tenant), options)
    },
    async stop() {
      await sealer.stop()
      await platform.end({ timeout: 1 })
    },
  }
}

async function list(
  db: Database,
  tenant: number,
  query: z.infer<typeof auditQuery>,
): Promise<AuditAnswer> {
  const { cursor, limit, ...filter } = query
  const before = cursor === undefined ? undefined : readCursor(cursor)
  const [found, tail] = await inTenant(db, tenant, (sql) =>
    Promise.all([
      selectRows(sql, tenant, { ...filter, before, limit: limit + 1 }),
      selectTail(sql, tenant),
    ]),
  )
  const items = found.slice(0, limit)
  const last = items.at(-1)
  return {
    items: items.map(recordOf),
    ...(last && found.length > limit ? { next: writeCursor(last.row.id) } : {}),
    unsealed: tail.rows,
  }
}

function recordOf({ row, seal }: SealableRow): AuditRecord {
  const { id, at, action, subject, requestId, address } = row
  return {
    id,
    at,
    actor: {
      kind: row.actorKind as AuditRecord['actor']['kind'],
      id: row.actor,
      name: row.actorName,
    },
    action,
    subject,
    before: row.before === null ? null : JSON.parse(row.before),
    after: row.after === null ? null : JSON.parse(row.after),
    requestId,
    address,
    seal: seal ? { position: seal.position, hash: seal.hash } : null,
  }
}

const writeCursor = (id: number): string => Buffer.from(String(id)).toString('base64url')

/** A cursor that cannot be read begins at the beginning. */
function readCursor(text: string): number | undefined {
  const id = Buffer.from(text, 'base64url').toString()
  return /^\d{1,15}$/.test(id) ? Number(id) : undefined
}

/** How long a request waits for a verification to end. */
const PATIENCE_MS = 2000

interface Run {
  readonly expect: string | undefined
  checked: number
  total: number
  result: AuditVerification | undefined
  readonly ended: Promise<unknown>
}

/** Verifications of this process, one at a time, with the last result of each tenant. */
function createVerifications(deps: {
  readonly poolOf: (tenant: number) => Database
  readonly clock: Clock
}): Audit['verification'] {
  const { poolOf, clock } = deps
  const runs = new Map<number, Run>()
  const results = new Map<number, AuditVerification>()
  let queue: Promise<unknown> = Promise.resolve()

  const begin = (tenant: number, expect: string | undefined): Run => {
    const work = async (): Promise<void> => {
      const result = await verifyTenant({ db: poolOf(tenant), clock }, tenant, {
        expect: anchorOf(expect),
        onProgress(checked, total) {
          Object.assign(run, { checked, total })
        },
      })
      run.result = result
      results.set(tenant, result)
    }
    const ended = queue.then(work)
    queue = ended.catch(() => {
      // Whoever asks next verifies anew; who waits now is told.
      runs.delete(tenant)
    })
    const run: Run = { expect, checked: 0, total: 0, result: undefined, ended }
    return run
  }
  const isYoung = ({ result }: Run, maxAgeS: number): boolean =>
    !!result && clock.now() - Date.parse(result.at) - result.tookMs < maxAgeS * 1000

  return async (tenant, { maxAgeS, expect }) => {
    const known = runs.get(tenant)
    // One at a time for a tenant: who expects something else asks again when it has ended.
    const usable = known && (!known.result || (known.expect === expect && isYoung(known, maxAgeS)))
    const run = usable ? known : begin(tenant, expect)
    runs.set(tenant, run)
    await Promise.race([run.ended, new Promise<void>((late) => clock.after(PATIENCE_MS, late))])
    const { checked, total, result } = run
    const state = result && run.expect === expect ? 'done' : 'running'
    return { state, checked, total, result: result ?? results.get(tenant) ?? null }
  }
}

/** Reads `hash@position`. */
export function anchorOf(text: string | undefined): Anchor | undefined {
  const [hash, position] = text?.split('@') ?? []
  return hash === undefined || position === undefined
    ? undefined
    : { hash, position: Number(position) }
}

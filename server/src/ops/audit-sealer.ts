import {
  type Clock,
  type ConnectionFacts,
  connect,
  type Database,
  databaseIsDown,
  every,
  type Log,
  type TenantSql,
} from '#platform'
import { type AuditRow, digestOf, GENESIS, hashOf, type Seal } from './audit-canonical.ts'
import { rowColumns } from './audit-rows.ts'

export interface Sealer {
  start(): Promise<void>
  /** Seals what waits now. Resolves when nothing is left, or when another process is at it. */
  seal(): Promise<void>
  /** Seals the rest, and ends. */
  stop(): Promise<void>
}

/** A lost notification costs this much and nothing else. */
const LOOK_EVERY_MS = 500
/** Rows of one transaction. */
const BATCH = 1000

/**
 * Gives committed audit rows their seals, each tenant's in a chain of its own, as `pulse_sealer`.
 * It is woken by each row, and looks twice a second besides. The seals of a batch are one
 * transaction: a kill at any point leaves it done or not begun. One sealer works at a time (an
 * advisory lock); if that failed, the key of the table would refuse the second.
 */
export function createSealer(deps: {
  readonly facts: ConnectionFacts
  readonly clock: Clock
  readonly log: Log
}): Sealer {
  const { facts, clock, log } = deps
  const db = connect(facts, 'pulse_sealer', { max: 1, name: 'pulse sealer' })
  const ears = connect(facts, 'pulse_sealer', { max: 1, name: 'pulse sealer ears' })
  let working: Promise<void> | undefined
  let again = false

  const work = async (): Promise<void> => {
    do {
      again = false
      for (let after: number | undefined = 0; after !== undefined; ) {
        after = await sealBatch(db, clock.now(), after)
      }
    } while (again)
  }
  const seal = (): Promise<void> => {
    again = true
    working ??= work().finally(() => {
      working = undefined
    })
    return working
  }
  const failed = (error: unknown) => {
    if (!databaseIsDown(error)) log.error({ err: error }, 'sealing the audit log failed')
  }
  let look: { stop(): Promise<void> } | undefined

  return {
    seal,
    async start() {
      await seal()
      await ears.listen('pulse_audit', () => void seal().catch(failed))
      look = every(clock, LOOK_EVERY_MS, seal, failed)
    },
    async stop() {
      await look?.stop()
      if (look) await seal().catch(failed)
      await Promise.all([db.end({ timeout: 1 }), ears.end({ timeout: 1 })])
    },
  }
}

interface Waiting extends AuditRow {
  readonly tenant: number
}

/**
 * Seals what waits after an id, the oldest first. Answers how far it came, when more may wait
 * there. Does nothing while another sealer works.
 */
async function sealBatch(db: Database, nowMs: number, after: number): Promise<number | undefined> {
  return db.begin(async (transaction) => {
    const sql = transaction as unknown as TenantSql
    const [lock] = await sql<{ mine: boolean }[]>`
      select pg_try_advisory_xact_lock(hashtext('pulse.sealer')) as mine`
    if (!lock?.mine) return undefined
    // Whoever commits late is sealed late: a position is given to what is there, never kept free.
    // Each row is found by its id, whatever the planner knows of tables that grow by the second.
    const found = await sql<(Waiting & { audit: number })[]>`
      select u.audit, u.tenant, ${rowColumns(sql)}
        from (select audit, tenant from ops.unsealed
               where audit > ${after} order by audit limit ${BATCH}) u
        left join lateral (select * from platform.audit a
                            where a.id = u.audit and a.tenant = u.tenant offset 0) a on true
       order by u.audit`
    // A row that is gone while it waited stays in the queue: verification names it.
    const rows = found.filter(({ id }) => id !== null).map(({ audit: _, ...row }) => row)
    if (rows.length > 0) await write(sql, chained(rows, await headsOf(sql, rows), nowMs))
    return found.length < BATCH ? undefined : found.at(-1)?.audit
  })
}

type Head = Pick<Seal, 'position' | 'hash'>

async function headsOf(sql: TenantSql, rows: readonly Waiting[]): Promise<Map<number, Head>> {
  const tenants = [...new Set(rows.map(({ tenant }) => tenant))]
  const heads = await sql<(Head & { tenant: number })[]>`
    select t.tenant, s.position, encode(s.hash, 'hex') as hash
      from unnest(${tenants}::bigint[]) t (tenant)
      join ops.seal s on s.tenant = t.tenant
       and s.position = (select max(position) from ops.seal where tenant = t.tenant)`
  return new Map(heads.map((head) => [head.tenant, head]))
}

/** The seals of rows, each following the one before it in its tenant. */
function chained(
  rows: readonly Waiting[],
  heads: Map<number, Head>,
  nowMs: number,
): (Seal & { tenant: number })[] {
  const sealedAt = new Date(nowMs).toISOString().replace('Z', '000Z')
  return rows.map(({ tenant, ...row }) => {
    const head = heads.get(tenant) ?? { position: 0, hash: GENESIS }
    const seal = {
      position: head.position + 1,
      audit: row.id,
      digest: digestOf(row),
      previous: head.hash,
      sealedAt,
    }
    const sealed = { ...seal, hash: hashOf(seal), tenant }
    heads.set(tenant, sealed)
    return sealed
  })
}

async function write(sql: TenantSql, seals: readonly (Seal & { tenant: number })[]): Promise<void> {
  await sql`
    insert into ops.seal (tenant, position, audit, digest, previous, hash, sealed_at)
    select tenant, position, audit, decode(digest, 'hex'), decode(previous, 'hex'),
           decode(hash, 'hex'), "sealedAt"
      from json_to_recordset(${JSON.stringify(seals)}::text::json)
           as r(tenant bigint, position bigint, audit bigint, digest text, previous text,
                hash text, "sealedAt" timestamptz)`
  await sql`
    delete from ops.unsealed where audit = any(${seals.map(({ audit }) => audit)}::bigint[])`
}

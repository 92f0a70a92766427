import {
  type Clock,
  type Database,
  deletionOrder,
  every,
  type Log,
  recordForPlatform,
  type TenantTable,
  tenantTables,
} from '#platform'
import {
  beginRemoval,
  deleteTenant,
  holdTenant,
  type LeavingTenant,
  type OwnerSql,
  selectDue,
  selectGone,
} from '#registry'
import { deleteRows } from './tenant-removal-batches.ts'

const LOOK_EVERY_MS = 60_000
/** What timers in memory may still write for a tenant that is gone is swept for this long. */
const SWEEP_MS = 8 * 86_400_000
const BATCH = 5000
const pulse = { kind: 'system', id: 'pulse', name: 'Pulse' } as const

export interface RemovalDeps {
  /** Pool of `pulse_owner`: nobody else may delete what these tables hold. */
  readonly owner: Database
  readonly clock: Clock
  readonly log: Log
  /** Rows that one transaction deletes, at most. */
  readonly batch?: number
  /** Called before the first row goes, and again when all are gone: sessions, caches, files. */
  readonly onGone: (tenant: LeavingTenant) => Promise<void>
}

/** Deletes tenants whole when their waiting period has passed. */
export interface Removal {
  /** Looks now: deletes what is due, and goes on with what was interrupted. */
  look(): Promise<void>
  start(): void
  stop(): Promise<void>
}

/**
 * Makes the worker. Rows go in bounded batches, each in a transaction of its own that also counts
 * them, so that nothing is locked for long and a kill loses nothing. The row of the tenant goes
 * last, with its log and memberships, in the transaction that tells the log of the platform.
 */
export function createRemoval(deps: RemovalDeps): Removal {
  const { owner, clock, log } = deps
  let stopping = false
  let loop: { stop(): Promise<void> } | undefined
  let looking: Promise<void> = Promise.resolve()
  const work: Work = { ...deps, batch: deps.batch ?? BATCH, stopping: () => stopping }

  async function look(): Promise<void> {
    await sweep(work)
    for (const leaving of await selectDue(owner, clock.now())) {
      if (stopping) return
      await remove(work, leaving)
    }
  }
  // One after the other: a look that is asked for waits for the one under way.
  const queued = (): Promise<void> => {
    const next = looking.then(look)
    looking = next.catch(() => {})
    return next
  }
  return {
    look: queued,
    start() {
      const onError = (error: unknown) => log.warn({ err: error }, 'the deletion of a tenant waits')
      void queued().catch(onError)
      loop = every(clock, LOOK_EVERY_MS, queued, onError)
    },
    async stop() {
      stopping = true
      await loop?.stop()
      await looking
    },
  }
}

interface Work extends Required<RemovalDeps> {
  readonly stopping: () => boolean
}

/** Tables whose rows go with the tenant itself, at the end. */
const LAST = new Set([
  'registry.tenant',
  'registry.membership',
  'platform.audit',
  'ops.seal',
  'ops.unsealed',
])

async function tablesToEmpty(sql: OwnerSql): Promise<readonly TenantTable[]> {
  return deletionOrder(await tenantTables(sql)).filter(({ name }) => !LAST.has(name))
}

async function remove(work: Work, leaving: LeavingTenant): Promise<void> {
  const { owner, onGone } = work
  await beginRemoval(owner, leaving.id)
  await onGone(leaving)
  await owner`select connect.forget_inbound(${leaving.id})`
  for (const table of await tablesToEmpty(owner)) {
    if (!(await deleteRows(work, leaving, table))) return
  }
  await finish(work, leaving)
  await onGone(leaving)
}

/** The last transaction: what was written meanwhile, people, the log, the tenant itself. */
async function finish({ owner, clock }: Work, { id, key }: LeavingTenant): Promise<void> {
  await owner.begin(async (sql) => {
    if (!(await holdTenant(sql, id))) return
    const late = await deleteLate(sql, [id])
    const [chain] = await sql<{ position: number | null; hash: string | null }[]>`
      select chain_position as position, chain_hash as hash from ops.erase_audit(${id})`
    const { name, createdAt, removed, people } = await deleteTenant(sql, id, clock.now())
    const rows = sum(removed, late)
    await recordForPlatform(sql, {
      actor: pulse,
      action: 'registry.tenant-deleted',
      subject: `tenant:${key}`,
      before: { name, createdAt, people, rows },
      after: { chainLength: chain?.position ?? 0, chainEnd: chain?.hash ?? null },
    })
  })
}

/**
 * Deletes what a timer in memory has written since; by table, how much. Telemetry is left out: it
 * has no index by tenant, and a device that is gone or suspended sends none.
 */
async function deleteLate(
  sql: OwnerSql,
  tenants: readonly number[],
): Promise<Readonly<Record<string, number>>> {
  const late: Record<string, number> = {}
  for (const { name, indexedBy } of await tablesToEmpty(sql)) {
    if (!indexedBy.includes('tenant')) continue
    const { count } = await sql`
      delete from ${sql(name)} where tenant = any(${[...tenants]}::bigint[])`
    late[name] = count
  }
  return late
}

function sum(a: Readonly<Record<string, number>>, b: Readonly<Record<string, number>>) {
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])].sort()
  const all = names.map((name) => [name, (a[name] ?? 0) + (b[name] ?? 0)] as const)
  return Object.fromEntries(all.filter(([, count]) => count > 0))
}

/** Deletes what was written for a tenant after it had gone. */
async function sweep({ owner, clock }: Work): Promise<void> {
  const gone = await selectGone(owner, clock.now() - SWEEP_MS)
  if (gone.length > 0) await deleteLate(owner, gone)
}

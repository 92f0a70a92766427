import {
  type AuditEntry,
  type Clock,
  type Database,
  emit,
  inTenant,
  recordForPlatform,
  type TenantSql,
} from '#platform'
import { type Act, audit } from './act.ts'
import type { Directory } from './directory.ts'
import { refuse } from './errors.ts'
import { selectTenant, type TenantLifeRow, updateStanding, updateTenant } from './tenants-rows.ts'

const DAY_MS = 86_400_000

/**
 * What becomes of tenants. Each act is written into the log of the tenant, and, when an operator
 * does it, into that of the platform, in the transaction of the change. Devices and people feel it
 * at once: `registry.tenant-changed` ends sessions and drops what is cached.
 */
export interface TenantLife {
  /** Renames the tenant, or changes how long it keeps telemetry. */
  change(
    act: Act,
    change: { name?: string | undefined; retentionDays?: number | undefined },
  ): Promise<void>
  /** From then on it is read and exported, and takes no messages. Suspending again changes the reason. */
  suspend(act: Act, reason: string): Promise<void>
  /** @throws `registry.not-suspended`, `registry.tenant-leaving` */
  resume(act: Act, reason: string): Promise<void>
  /**
   * Starts the waiting before it is deleted whole; it is suspended meanwhile.
   * @throws `registry.wrong-confirmation`, `registry.tenant-leaving`
   */
  leave(act: Act, removal: Removal): Promise<Date>
  /** Ends the waiting; a suspension from before stays. @throws `registry.tenant-stays` */
  keep(act: Act): Promise<void>
}

export interface Removal {
  readonly reason: string
  /** The key of the tenant, repeated. */
  readonly confirm: string
  readonly waitDays: number
}

export interface TenantLifeDeps {
  readonly app: Database
  readonly directory: Directory
  readonly clock: Clock
  /** Who may do what has changed: what is remembered of it is to be dropped. */
  readonly changed: () => void
}

export function createTenantLife(deps: TenantLifeDeps): TenantLife {
  const { clock } = deps
  const set = (
    sql: TenantSql,
    row: TenantLifeRow,
    standing: Partial<Pick<TenantLifeRow, 'suspendedFor' | 'deleteAfter'>>,
  ) => updateStanding(sql, { ...row, ...standing, at: new Date(clock.now()) })

  return {
    change: (act, { name, retentionDays }) =>
      live(deps, act, async (sql, row) => {
        const wanted = {
          name: name ?? row.name,
          retentionDays: retentionDays ?? row.retentionDays,
        }
        await updateTenant(sql, wanted)
        const before = { name: row.name, retentionDays: row.retentionDays }
        return { action: 'registry.tenant-changed', before, after: wanted }
      }),
    suspend: (act, reason) =>
      live(deps, act, async (sql, row) => {
        await set(sql, row, { suspendedFor: reason })
        const before = { suspendedFor: row.suspendedFor }
        return { action: 'registry.tenant-suspended', before, after: { suspendedFor: reason } }
      }),
    resume: (act, reason) =>
      live(deps, act, async (sql, row) => {
        if (row.deleteAfter !== null) throw refuse.tenantLeaving()
        if (!row.suspended) throw refuse.notSuspended()
        await set(sql, row, { suspendedFor: null })
        const before = { suspendedFor: row.suspendedFor }
        return { action: 'registry.tenant-resumed', before, after: { reason } }
      }),
    async leave(act, { reason, confirm, waitDays }) {
      const deleteAfter = new Date(clock.now() + waitDays * DAY_MS)
      await live(deps, act, async (sql, row) => {
        if (confirm !== row.key) throw refuse.wrongConfirmation()
        if (row.deleteAfter !== null) throw refuse.tenantLeaving()
        await set(sql, row, { deleteAfter })
        return { action: 'registry.tenant-leaving', after: { reason, deleteAfter } }
      })
      return deleteAfter
    },
    keep: (act) =>
      live(deps, act, async (sql, row) => {
        const late = row.deleteAfter !== null && row.deleteAfter.getTime() <= clock.now()
        if (row.deleteAfter === null || late || row.going) throw refuse.tenantStays()
        await set(sql, row, { deleteAfter: null })
        return { action: 'registry.tenant-kept', before: { deleteAfter: row.deleteAfter } }
      }),
  }
}

type Told = Pick<AuditEntry, 'action' | 'before' | 'after'>

/** Changes a tenant whose row is held, audits and announces it, all in one transaction. */
async function live(
  { app, directory, clock, changed }: TenantLifeDeps,
  act: Act,
  work: (sql: TenantSql, row: TenantLifeRow) => Promise<Told>,
): Promise<void> {
  await inTenant(app, act.tenant, async (sql) => {
    const row = await selectTenant(sql, true)
    const { action, ...facts } = await work(sql, row)
    const { suspended } = await selectTenant(sql)
    await auditTwice(sql, act, action, { subject: `tenant:${row.key}`, ...facts })
    const { tenant } = act
    const subject = `tenant:${row.key}`
    const data = { tenant: row.key, suspended }
    await emit(sql, [{ type: 'registry.tenant-changed', tenant, subject, data }], clock.now())
  })
  directory.forget(act.tenant)
  changed()
}

/** Audits an act in its tenant; one of an operator in the log of the platform too. */
export async function auditTwice(
  sql: TenantSql,
  act: Act,
  action: string,
  facts: Pick<AuditEntry, 'subject' | 'before' | 'after'>,
): Promise<void> {
  await audit(sql, act, action, facts)
  const { actor, requestId, address } = act
  if (actor.kind === 'operator') {
    await recordForPlatform(sql, { actor, action, requestId, address, ...facts })
  }
}

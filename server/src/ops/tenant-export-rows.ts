import type { TenantExport } from '@pulse/contract'
import type { Database, TenantSql } from '#platform'

interface ExportRow extends Omit<TenantExport, 'createdAt' | 'finishedAt' | 'expiresAt'> {
  readonly createdAt: Date
  readonly finishedAt: Date | null
  readonly expiresAt: Date | null
}

const LISTED = 50

const columns = (sql: TenantSql) => sql`
  id, state, requested_by as "requestedBy", created_at as "createdAt", finished_at as "finishedAt",
  expires_at as "expiresAt", tables, tables_done as "tablesDone", rows, bytes, sha256, error`

const wire = (row: ExportRow): TenantExport => ({
  ...row,
  createdAt: row.createdAt.toISOString(),
  finishedAt: row.finishedAt?.toISOString() ?? null,
  expiresAt: row.expiresAt?.toISOString() ?? null,
})

/** Notes that an export is wanted; undefined when one is under way. */
export async function insertExport(
  sql: TenantSql,
  { id, by, atMs }: { readonly id: string; readonly by: string; readonly atMs: number },
): Promise<TenantExport | undefined> {
  const [row] = await sql<ExportRow[]>`
    insert into ops.tenant_export (id, state, requested_by, created_at)
    values (${id}, 'queued', ${by}, ${new Date(atMs)})
    on conflict (tenant) where state in ('queued', 'running') do nothing
    returning ${columns(sql)}`
  return row && wire(row)
}

/** The newest first. */
export async function selectExports(sql: TenantSql): Promise<readonly TenantExport[]> {
  const rows = await sql<ExportRow[]>`
    select ${columns(sql)} from ops.tenant_export order by created_at desc, id desc limit ${LISTED}`
  return rows.map(wire)
}

export async function selectExport(sql: TenantSql, id: string): Promise<TenantExport | undefined> {
  const [row] = await sql<
    ExportRow[]
  >`select ${columns(sql)} from ops.tenant_export where id = ${id}`
  return row && wire(row)
}

export interface ExportProgress {
  readonly tables: number
  readonly tablesDone: number
  readonly rows: number
}

export const noteProgress = (sql: TenantSql, id: string, progress: ExportProgress) => sql`
  update ops.tenant_export
     set state = 'running', tables = ${progress.tables}, tables_done = ${progress.tablesDone},
         rows = ${progress.rows}
   where id = ${id}`

/** Archives of a tenant that are kept beside each other. */
const KEPT_AT_ONCE = 3

/** Lets go of all but the newest archives: an export is large, and asked for easily. */
export const expireOlder = (sql: TenantSql, at: Date) => sql`
  update ops.tenant_export set expires_at = ${at}
   where state = 'ready' and id not in (
     select id from ops.tenant_export where state = 'ready'
      order by created_at desc, id desc limit ${KEPT_AT_ONCE})`

export const noteReady = (
  sql: TenantSql,
  id: string,
  ready: {
    readonly bytes: number
    readonly sha256: string
    readonly at: Date
    readonly expiresAt: Date
  },
) => sql`
  update ops.tenant_export
     set state = 'ready', bytes = ${ready.bytes}, sha256 = ${ready.sha256},
         finished_at = ${ready.at}, expires_at = ${ready.expiresAt}
   where id = ${id}`

export const noteFailed = (
  sql: TenantSql,
  id: string,
  failed: { readonly error: string; readonly at: Date; readonly expiresAt: Date },
) => sql`
  update ops.tenant_export
     set state = 'failed', error = ${failed.error}, finished_at = ${failed.at},
         expires_at = ${failed.expiresAt}
   where id = ${id}`

export const deleteExport = (sql: TenantSql, id: string) =>
  sql`delete from ops.tenant_export where id = ${id}`

export interface DueExport {
  readonly tenant: number
  readonly id: string
  /** Its archive is to be deleted; else it is to be made. */
  readonly expired: boolean
}

/** What the worker has to do, of all tenants. */
export const selectDueExports = (app: Database, nowMs: number) =>
  app<DueExport[]>`select * from ops.exports_due(${new Date(nowMs)})`

import type { EventDraft } from '@pulse/contract'
import type postgres from 'postgres'
import { uuidv7 } from './ids.ts'
import type { PipelineSql, TenantSql } from './sql.ts'

/** An event as it is written; the relay adds its position. */
export interface OutboxRow {
  readonly id: string
  readonly tenant: number
  readonly type: string
  readonly subject: string
  readonly at: string
  readonly data: postgres.JSONValue
}

export const outboxRow = (draft: EventDraft, atMs: number): OutboxRow => ({
  id: `ev_${uuidv7(atMs)}`,
  tenant: draft.tenant,
  type: draft.type,
  subject: draft.subject,
  at: new Date(atMs).toISOString(),
  data: draft.data as postgres.JSONValue,
})

/**
 * Writes events in the transaction of their change. With `PipelineSql` the rows name their
 * tenant; with `TenantSql` row-level security checks that it is the transaction's.
 */
export function emit(
  sql: TenantSql | PipelineSql,
  drafts: readonly EventDraft[],
  atMs: number,
): Promise<unknown> {
  if (drafts.length === 0) return Promise.resolve()
  const rows = JSON.stringify(drafts.map((draft) => outboxRow(draft, atMs)))
  return (sql as PipelineSql)`
    with event as (
      insert into platform.outbox (id, tenant, type, subject, at, data)
      select id, tenant, type, subject, at, data
        from json_to_recordset(${rows}::text::json)
             as r(id text, tenant bigint, type text, subject text, at timestamptz, data jsonb))
    select pg_notify('pulse_outbox', '')`.execute()
}

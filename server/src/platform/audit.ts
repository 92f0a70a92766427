import type postgres from 'postgres'
import { maskedJson, maskText } from './mask.ts'
import type { PipelineSql, TenantSql } from './sql.ts'

/** Who acted: a person, an API key, an operator of the platform, a device, or Pulse itself. */
export interface Actor {
  readonly kind: 'person' | 'key' | 'operator' | 'system' | 'device'
  readonly id: string
  /** How they are called now: names change, and people leave. */
  readonly name?: string | undefined
}

export interface AuditEntry {
  readonly actor: Actor
  /** What was done, as module and verb: `registry.token-revoked`. */
  readonly action: string
  /** What it was done to: `device:ups-0041`. */
  readonly subject: string
  /** What changed, before and after. Secrets in them are masked here, whoever forgot it. */
  readonly before?: unknown
  readonly after?: unknown
  readonly requestId?: string | undefined
  readonly address?: string | undefined
}

/** Writes an audit row in the transaction of the change that it tells of. */
export async function record(sql: TenantSql, entry: AuditEntry): Promise<void> {
  await insert(sql, [rowOf(entry)])
}

/** Writes audit rows of several tenants, for the pipeline: one statement, however many. */
export const recordAll = (
  sql: PipelineSql,
  entries: readonly (AuditEntry & { readonly tenant: number })[],
): Promise<unknown> =>
  insert(
    sql,
    entries.map((entry) => ({ ...rowOf(entry), tenant: entry.tenant })),
  )

const insert = (sql: TenantSql | PipelineSql, rows: readonly object[]): Promise<unknown> =>
  (sql as PipelineSql)`
    insert into platform.audit (tenant, actor_kind, actor, actor_name, action, subject, before, after,
                                request_id, address)
    select coalesce(tenant, platform.tenant()), actor_kind, actor, actor_name, action, subject,
           before::jsonb, after::jsonb, request_id, address
      from rows from (json_to_recordset(${JSON.stringify(rows)}::text::json)
             as (tenant bigint, actor_kind text, actor text, actor_name text, action text,
                 subject text, before text, after text, request_id text, address text))
           with ordinality
     order by ordinality`.execute()

/**
 * Writes an audit row of the platform itself (tenant 0), which only operators read: for acts that
 * belong to no tenant. In the transaction of the change, as any role that serves requests.
 */
export async function recordForPlatform(
  sql: postgres.TransactionSql<{ bigint: number }>,
  entry: AuditEntry,
): Promise<void> {
  await sql`select platform.record_for_platform(${JSON.stringify(rowOf(entry))}::text::json)`
}

const rowOf = ({ actor, action, subject, before, after, requestId, address }: AuditEntry) => ({
  actor_kind: actor.kind,
  actor: actor.id,
  actor_name: actor.name,
  action,
  subject: maskText(subject),
  before: before === undefined ? undefined : maskedJson(before),
  after: after === undefined ? undefined : maskedJson(after),
  request_id: requestId,
  address,
})

import type { TenantSql } from './sql.ts'

/** Who acted: a person, an API key, an operator (also one who entered the tenant), or Pulse itself. */
export interface Actor {
  readonly kind: 'person' | 'key' | 'operator' | 'system'
  readonly id: string
}

export interface AuditEntry {
  readonly actor: Actor
  /** What was done, as module and verb: `registry.token-revoked`. */
  readonly action: string
  /** What it was done to: `device:ups-0041`. */
  readonly subject: string
  /** Before and after, without secrets. */
  readonly before?: unknown
  readonly after?: unknown
  readonly requestId?: string | undefined
  readonly address?: string | undefined
}

/** Writes an audit row in the transaction of the change that it tells of. */
export async function record(sql: TenantSql, entry: AuditEntry): Promise<void> {
  await sql`
    insert into platform.audit (tenant, actor_kind, actor, action, subject, before, after, request_id, address)
    values (platform.tenant(), ${entry.actor.kind}, ${entry.actor.id}, ${entry.action}, ${entry.subject},
            ${json(entry.before)}::text::jsonb, ${json(entry.after)}::text::jsonb,
            ${entry.requestId ?? null}, ${entry.address ?? null})`
}

const json = (value: unknown): string | null => (value === undefined ? null : JSON.stringify(value))

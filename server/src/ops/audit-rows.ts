import type { Database, TenantSql } from '#platform'
import type { AuditRow, Seal } from './audit-canonical.ts'
import type { Anchor, Link } from './audit-chain.ts'

/** How many rows are read at once. */
export const PAGE = 1000

/** An instant with its microseconds: a JavaScript date would lose them. */
const instantOf = (sql: TenantSql, column: ReturnType<TenantSql>) =>
  sql`to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`

export const rowColumns = (sql: TenantSql) => sql`
  a.id, ${instantOf(sql, sql`a.at`)} as at, a.actor_kind as "actorKind", a.actor,
  a.actor_name as "actorName", a.action, a.subject, a.before::text as before,
  a.after::text as after, a.request_id as "requestId", a.address`

const sealColumns = (sql: TenantSql) => sql`
  s.position, s.audit, encode(s.digest, 'hex') as digest, encode(s.previous, 'hex') as previous,
  encode(s.hash, 'hex') as hash, ${instantOf(sql, sql`s.sealed_at`)} as "sealedAt"`

type SealedRow = AuditRow & { readonly [K in keyof Seal]: Seal[K] | null }

/** A row with its seal, or without one as long as it waits. */
export interface SealableRow {
  readonly row: AuditRow
  readonly seal: Seal | undefined
}

const sealOf = ({ position, audit, digest, previous, hash, sealedAt }: Seal): Seal => ({
  position,
  audit,
  digest,
  previous,
  hash,
  sealedAt,
})

const rowOf = (row: AuditRow): AuditRow => ({
  id: row.id,
  at: row.at,
  actorKind: row.actorKind,
  actor: row.actor,
  actorName: row.actorName,
  action: row.action,
  subject: row.subject,
  before: row.before,
  after: row.after,
  requestId: row.requestId,
  address: row.address,
})

/** What a list or an export is narrowed to. */
export interface AuditFilter {
  /** Id of who acted, or a part of their name. */
  readonly actor?: string | undefined
  /** Beginning of the action: `registry.` or `registry.token-`. */
  readonly action?: string | undefined
  /** Beginning of the subject: `device:ups-0041`. */
  readonly subject?: string | undefined
  /** `to` is outside. */
  readonly from?: string | undefined
  readonly to?: string | undefined
  /** Stands anywhere in the row, whatever its case. */
  readonly text?: string | undefined
}

const filterOf = (sql: TenantSql, tenant: number, filter: AuditFilter) => {
  const { actor, action, subject, from, to, text } = filter
  return sql`a.tenant = ${tenant}
    ${actor === undefined ? sql`` : sql`and (a.actor = ${actor} or strpos(lower(a.actor_name), lower(${actor})) > 0)`}
    ${action === undefined ? sql`` : sql`and starts_with(a.action, ${action})`}
    ${subject === undefined ? sql`` : sql`and starts_with(a.subject, ${subject})`}
    ${from === undefined ? sql`` : sql`and a.at >= ${from}::text::timestamptz`}
    ${to === undefined ? sql`` : sql`and a.at < ${to}::text::timestamptz`}
    ${
      text === undefined
        ? sql``
        : sql`and strpos(lower(concat_ws(' ', a.action, a.subject, a.actor, a.actor_name, a.before, a.after,
                                         a.request_id, a.address)), lower(${text})) > 0`
    }`
}

/**
 * The links after a position, at most {@link PAGE}; none only when there are no more. A row that the
 * filter leaves out is undefined, as one that is gone.
 *
 * Found by a range of positions, and each row by its id: whatever the planner knows of the tables,
 * a page costs the same at any position.
 */
export async function selectLinks(
  sql: TenantSql,
  tenant: number,
  { after, ...filter }: AuditFilter & { readonly after: number },
): Promise<Link[]> {
  const found = await sql<(Seal & { [K in keyof AuditRow]: AuditRow[K] | null })[]>`
    with first as (select min(position) as position from ops.seal
                    where tenant = ${tenant} and position > ${after})
    select ${sealColumns(sql)}, ${rowColumns(sql)}
      from first
      join ops.seal s on s.tenant = ${tenant} and s.position >= first.position
                     and s.position < first.position + ${PAGE}
      left join lateral (select * from platform.audit a
                          where a.id = s.audit and ${filterOf(sql, tenant, filter)} offset 0) a on true
     order by s.position`
  return found.map((each) => ({
    seal: sealOf(each),
    row: each.id === null ? undefined : rowOf(each as Seal & AuditRow),
  }))
}

/** Where the chain ends now. */
export async function selectHead(sql: TenantSql, tenant: number): Promise<Anchor | undefined> {
  const [head] = await sql<Anchor[]>`
    select s.position, encode(s.hash, 'hex') as hash from ops.seal s
     where s.tenant = ${tenant} order by s.position desc limit 1`
  return head
}

/** Rows that have no seal and do not wait for one: nobody wrote them as Pulse does. */
export const selectStrays = (sql: TenantSql, tenant: number, limit: number): Promise<AuditRow[]> =>
  sql<AuditRow[]>`
    select ${rowColumns(sql)} from platform.audit a
     where a.tenant = ${tenant}
       and not exists (select from ops.seal s where s.audit = a.id and s.tenant = a.tenant)
       and not exists (select from ops.unsealed u where u.audit = a.id and u.tenant = a.tenant)
     order by a.id limit ${limit}`.execute()

/** What waits for its seal. */
export interface Tail {
  readonly rows: number
  /** When the oldest was written. */
  readonly oldestAt: Date | null
  /** Ids of rows that waited and are gone. */
  readonly gone: readonly number[]
}

export async function selectTail(sql: TenantSql, tenant: number): Promise<Tail> {
  const [tail] = await sql<Tail[]>`
    select count(a.id) as rows, min(a.at) as "oldestAt",
           coalesce(array_agg(u.audit) filter (where a.id is null), '{}'::bigint[]) as gone
      from ops.unsealed u left join platform.audit a on a.id = u.audit and a.tenant = u.tenant
     where u.tenant = ${tenant}`
  return tail as Tail
}

/** Every tenant that has a row or a seal, as `pulse_sealer`. Looks each up in the index once. */
export async function tenantsWithLog(db: Database): Promise<number[]> {
  const rows = await db<{ tenant: number }[]>`
    with recursive
      written as (select min(tenant) as tenant from platform.audit union all
                  select (select min(a.tenant) from platform.audit a where a.tenant > w.tenant)
                    from written w where w.tenant is not null),
      sealed as (select min(tenant) as tenant from ops.seal union all
                 select (select min(s.tenant) from ops.seal s where s.tenant > l.tenant)
                   from sealed l where l.tenant is not null)
    select tenant from (table written union table sealed) every
     where tenant is not null order by tenant`
  return rows.map(({ tenant }) => tenant)
}

/** Rows older than `before` (an id), newest first. */
export async function selectRows(
  sql: TenantSql,
  tenant: number,
  filter: AuditFilter & { readonly before?: number | undefined; readonly limit: number },
): Promise<SealableRow[]> {
  const found = await sql<SealedRow[]>`
    select ${rowColumns(sql)}, ${sealColumns(sql)}
      from platform.audit a left join ops.seal s on s.audit = a.id and s.tenant = a.tenant
     where ${filterOf(sql, tenant, filter)}
       ${filter.before === undefined ? sql`` : sql`and a.id < ${filter.before}`}
     order by a.id desc limit ${filter.limit}`
  return found.map(sealable)
}

/** Rows after `after` (an id) that wait for their seal, at most {@link PAGE}. */
export async function selectWaiting(
  sql: TenantSql,
  tenant: number,
  filter: AuditFilter & { readonly after: number },
): Promise<SealableRow[]> {
  const found = await sql<AuditRow[]>`
    select ${rowColumns(sql)}
      from ops.unsealed u join platform.audit a on a.id = u.audit and a.tenant = u.tenant
     where u.tenant = ${tenant} and u.audit > ${filter.after} and ${filterOf(sql, tenant, filter)}
     order by u.audit limit ${PAGE}`
  return found.map((row) => ({ row: rowOf(row), seal: undefined }))
}

const sealable = (each: SealedRow): SealableRow => ({
  row: rowOf(each),
  seal: each.position === null ? undefined : sealOf(each as Seal & AuditRow),
})

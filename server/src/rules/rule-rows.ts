import { type Rule, type RuleDocument, ruleDocument } from '@pulse/contract'
import type { TenantSql } from '#platform'

interface RuleRow {
  readonly key: string
  readonly version: number
  readonly document: unknown
  readonly active: boolean
  readonly created_at: Date
  readonly open_alerts: number
}

const toRule = (row: RuleRow): Rule => ({
  key: row.key,
  version: row.version,
  document: ruleDocument.parse(row.document),
  active: row.active,
  createdAt: row.created_at.toISOString(),
  openAlerts: row.open_alerts,
})

/** The versions in use, by key; only that of `key` when it is given. */
export async function selectRules(sql: TenantSql, key?: string): Promise<Rule[]> {
  const rows = await sql<RuleRow[]>`
    select r.key, r.version, r.document, r.active, r.created_at,
           (select count(*) from rules.alert a
             where a.tenant = r.tenant and a.rule = r.key and a.cleared_at is null)::int as open_alerts
      from rules.rule r
     where r.active ${key === undefined ? sql`` : sql`and r.key = ${key}`}
     order by r.key collate "C"`
  return rows.map(toRule)
}

/** One version of a rule as it was written. */
export async function selectDocument(
  sql: TenantSql,
  key: string,
  version: number,
): Promise<RuleDocument | undefined> {
  const [row] = await sql<{ document: unknown }[]>`
    select document from rules.rule where key = ${key} and version = ${version}`
  return row && ruleDocument.parse(row.document)
}

/** Lets one writer at a time change rule `key`, until the transaction ends. */
export const lockRule = (sql: TenantSql, key: string): Promise<unknown> =>
  sql`select pg_advisory_xact_lock(hashtextextended('rules.rule/' || platform.tenant() || '/' || ${key}, 0))`

/** Stores `document` as the next version of its rule, and puts it in use. */
export async function insertVersion(
  sql: TenantSql,
  document: RuleDocument,
  version: number,
  atMs: number,
): Promise<void> {
  await sql`update rules.rule set active = false where key = ${document.key} and active`
  await sql`
    insert into rules.rule (key, version, document, active, created_at)
    values (${document.key}, ${version}, ${JSON.stringify(document)}::text::jsonb, true,
            ${new Date(atMs).toISOString()})`
}

import type { Alert, alertsAnswer, alertsQuery, Severity, TraceStep } from '@pulse/contract'
import type { z } from 'zod'
import type { TenantSql } from '#platform'

/** An alert as it is stored, with the internal id of its device. */
export interface StoredAlert extends Alert {
  readonly deviceId: number
}

interface AlertRow {
  readonly id: string
  readonly rule: string
  readonly rule_version: number
  readonly title: string
  readonly severity: Severity
  readonly device: number
  readonly device_key: string
  readonly device_name: string
  readonly site: string | null
  readonly opened_at: Date
  readonly cleared_at: Date | null
  readonly acknowledged_at: Date | null
  readonly acknowledged_by: string | null
  readonly reason: string
  readonly values: TraceStep['values']
}

const toAlert = (row: AlertRow): Alert => ({
  id: row.id,
  rule: row.rule,
  ruleVersion: row.rule_version,
  title: row.title,
  severity: row.severity,
  device: row.device_key as Alert['device'],
  deviceName: row.device_name,
  site: row.site,
  state: row.cleared_at ? 'cleared' : row.acknowledged_at ? 'acknowledged' : 'open',
  openedAt: row.opened_at.toISOString(),
  clearedAt: row.cleared_at?.toISOString() ?? null,
  acknowledgedAt: row.acknowledged_at?.toISOString() ?? null,
  acknowledgedBy: row.acknowledged_by,
  reason: row.reason,
  values: row.values,
})

const columns = (sql: TenantSql) => sql`
  id, rule, rule_version, title, severity, device, device_key, device_name, site, opened_at,
  cleared_at, acknowledged_at, acknowledged_by, reason, values`

export async function selectAlert(sql: TenantSql, id: string): Promise<StoredAlert | undefined> {
  const [row] = await sql<AlertRow[]>`select ${columns(sql)} from rules.alert where id = ${id}`
  return row && { ...toAlert(row), deviceId: row.device }
}

/** Where a page begins: after this alert, newest first. */
export interface AlertCursor {
  /** Epoch milliseconds. */
  readonly openedAt: number
  readonly id: string
}

type AlertsQuery = z.infer<typeof alertsQuery>

/** One page of alerts, newest first. */
export async function selectAlerts(
  sql: TenantSql,
  query: AlertsQuery,
  after: AlertCursor | undefined,
): Promise<Alert[]> {
  const rows = await sql<AlertRow[]>`
    select ${columns(sql)}
      from rules.alert
     where ${inState(sql, query.state)}
       ${query.severity === undefined ? sql`` : sql`and severity = ${query.severity}`}
       ${query.device === undefined ? sql`` : sql`and device_key = ${query.device}`}
       ${query.rule === undefined ? sql`` : sql`and rule = ${query.rule}`}
       ${after ? sql`and (opened_at, id) < (${new Date(after.openedAt).toISOString()}, ${after.id})` : sql``}
     order by opened_at desc, id desc
     limit ${query.limit}`
  return rows.map(toAlert)
}

function inState(sql: TenantSql, state: AlertsQuery['state']) {
  switch (state) {
    case 'active':
      return sql`cleared_at is null`
    case 'open':
      return sql`cleared_at is null and acknowledged_at is null`
    case 'acknowledged':
      return sql`cleared_at is null and acknowledged_at is not null`
    case 'cleared':
      return sql`cleared_at is not null`
    case 'all':
      return sql`true`
  }
}

/** How many are open and acknowledged, and how many cleared since `dayStartMs`. */
export async function countAlerts(
  sql: TenantSql,
  dayStartMs: number,
): Promise<z.infer<typeof alertsAnswer>['counts']> {
  const [row] = await sql<{ open: number; acknowledged: number; cleared_today: number }[]>`
    select count(*) filter (where acknowledged_at is null)::int as open,
           count(acknowledged_at)::int as acknowledged,
           (select count(*) from rules.alert
             where cleared_at >= ${new Date(dayStartMs).toISOString()})::int as cleared_today
      from rules.alert
     where cleared_at is null`
  return {
    open: row?.open ?? 0,
    acknowledged: row?.acknowledged ?? 0,
    clearedToday: row?.cleared_today ?? 0,
  }
}

/** The story of an alert, in order. */
export async function selectSteps(sql: TenantSql, alert: string): Promise<TraceStep[]> {
  const rows = await sql<{ step: TraceStep }[]>`
    select step from rules.alert_step where alert = ${alert} order by id`
  return rows.map(({ step }) => step)
}

/** How often the rule opened for the device since `sinceMs`. */
export async function countOpenings(
  sql: TenantSql,
  alert: StoredAlert,
  sinceMs: number,
): Promise<number> {
  const [row] = await sql<{ count: number }[]>`
    select count(*)::int as count from rules.alert
     where rule = ${alert.rule} and device = ${alert.deviceId}
       and opened_at >= ${new Date(sinceMs).toISOString()}`
  return row?.count ?? 0
}

import { type PipelineSql, recordAll } from '#platform'
import { patchIndex } from '#registry'
import type { Draft } from './draft.ts'

/**
 * The statements of a draft, at most one per table and verb. Alerts that clear are written before
 * those that open, since a rule has one open alert per device at any moment.
 */
export function statements(sql: PipelineSql, draft: Draft): Promise<unknown>[] {
  const written = [
    changeAlerts(sql, draft),
    insertAlerts(sql, draft),
    insertSteps(sql, draft),
    ...writeStates(sql, draft),
    insertAudit(sql, draft),
  ]
  const patches = draft.patches()
  if (patches.length > 0) written.push(patchIndex(sql, patches))
  return written.filter((statement) => statement !== undefined)
}

type Written = Promise<unknown> | undefined

const instant = (at: number | undefined): string | null =>
  at === undefined ? null : new Date(at).toISOString()

function changeAlerts(sql: PipelineSql, draft: Draft): Written {
  const rows = [...draft.changed]
    .filter(([id]) => !draft.opened.has(id))
    .map(([id, change]) => ({
      tenant: change.tenant,
      id,
      acknowledged_at: instant(change.acknowledgedAt),
      acknowledged_by: change.acknowledgedBy ?? null,
      cleared_at: instant(change.clearedAt),
      clear_reason: change.clearReason ?? null,
    }))
  if (rows.length === 0) return undefined
  return sql`
    update rules.alert a
       set acknowledged_at = coalesce(a.acknowledged_at, r.acknowledged_at),
           acknowledged_by = coalesce(a.acknowledged_by, r.acknowledged_by),
           cleared_at      = coalesce(a.cleared_at, r.cleared_at),
           clear_reason    = coalesce(a.clear_reason, r.clear_reason)
      from json_to_recordset(${JSON.stringify(rows)}::text::json)
           as r(tenant bigint, id text, acknowledged_at timestamptz, acknowledged_by text,
                cleared_at timestamptz, clear_reason text)
     where a.tenant = r.tenant and a.id = r.id`.execute()
}

function insertAlerts(sql: PipelineSql, draft: Draft): Written {
  if (draft.opened.size === 0) return undefined
  const rows = [...draft.opened.values()].map((row) => {
    const change = draft.changed.get(row.id)
    return {
      tenant: row.tenant,
      id: row.id,
      rule: row.rule,
      rule_version: row.ruleVersion,
      title: row.title,
      severity: row.severity,
      device: row.device,
      device_key: row.deviceKey,
      device_name: row.deviceName,
      site: row.site,
      opened_at: instant(row.openedAt),
      reason: row.reason,
      values: row.values,
      acknowledged_at: instant(change?.acknowledgedAt),
      acknowledged_by: change?.acknowledgedBy ?? null,
      cleared_at: instant(change?.clearedAt),
      clear_reason: change?.clearReason ?? null,
    }
  })
  return sql`
    insert into rules.alert (tenant, id, rule, rule_version, title, severity, device, device_key,
           device_name, site, opened_at, reason, values, acknowledged_at, acknowledged_by,
           cleared_at, clear_reason)
    select tenant, id, rule, rule_version, title, severity, device, device_key, device_name, site,
           opened_at, reason, values, acknowledged_at, acknowledged_by, cleared_at, clear_reason
      from json_to_recordset(${JSON.stringify(rows)}::text::json)
           as r(tenant bigint, id text, rule text, rule_version int, title text, severity text,
                device bigint, device_key text, device_name text, site text, opened_at timestamptz,
                reason text, values json, acknowledged_at timestamptz, acknowledged_by text,
                cleared_at timestamptz, clear_reason text)`.execute()
}

function insertSteps(sql: PipelineSql, draft: Draft): Written {
  if (draft.steps.length === 0) return undefined
  // `with ordinality` and the sort keep the order of the story in the identity.
  return sql`
    insert into rules.alert_step (tenant, alert, step)
    select (r.row->>'tenant')::bigint, r.row->>'alert', r.row->'step'
      from json_array_elements(${JSON.stringify(draft.steps)}::text::json) with ordinality as r(row, place)
     order by r.place`.execute()
}

function writeStates(sql: PipelineSql, draft: Draft): Written[] {
  const kept: unknown[] = []
  const gone: unknown[] = []
  for (const [{ tenant, rule, entries }, changes] of draft.entries) {
    for (const [device, entry] of changes) {
      if (!entry) {
        if (entries.has(device)) gone.push({ tenant, rule, device })
        continue
      }
      const { phase, since, dueAt, values, acknowledged } = entry.state
      kept.push({
        tenant,
        rule,
        device,
        phase,
        since,
        due_at: dueAt ?? null,
        armed_values: values ?? null,
        acknowledged,
        alert: entry.alert?.id ?? null,
        story: entry.story,
      })
    }
  }
  return [
    gone.length === 0 ? undefined : deleteStates(sql, JSON.stringify(gone)),
    kept.length === 0 ? undefined : upsertStates(sql, JSON.stringify(kept)),
  ]
}

const deleteStates = (sql: PipelineSql, rows: string): Promise<unknown> =>
  sql`
    delete from rules.state s
     using json_to_recordset(${rows}::text::json) as r(tenant bigint, rule text, device bigint)
     where s.tenant = r.tenant and s.rule = r.rule and s.device = r.device`.execute()

const upsertStates = (sql: PipelineSql, rows: string): Promise<unknown> =>
  sql`
    insert into rules.state (tenant, rule, device, phase, since, due_at, armed_values, acknowledged, alert, story)
    select tenant, rule, device, phase, since, due_at, armed_values, acknowledged, alert, story
      from json_to_recordset(${rows}::text::json)
           as r(tenant bigint, rule text, device bigint, phase text, since bigint, due_at bigint,
                armed_values json, acknowledged boolean, alert text, story json)
        on conflict (tenant, rule, device) do update
       set phase = excluded.phase, since = excluded.since, due_at = excluded.due_at,
           armed_values = excluded.armed_values, acknowledged = excluded.acknowledged,
           alert = excluded.alert, story = excluded.story`.execute()

function insertAudit(sql: PipelineSql, draft: Draft): Written {
  if (draft.acknowledgements.length === 0) return undefined
  return recordAll(
    sql,
    draft.acknowledgements.map(({ tenant, actor, alert, by, device, requestId, address }) => ({
      tenant,
      actor,
      action: 'rules.alert-acknowledged',
      subject: `alert:${alert}`,
      before: { state: 'open' },
      after: { state: 'acknowledged', acknowledgedBy: by, device },
      requestId,
      address,
    })),
  )
}

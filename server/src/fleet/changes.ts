import { alertId, type Overview } from '@pulse/contract'
import type { TenantSql } from '#platform'

type Change = Overview['changes'][number]

interface AuditRow {
  readonly at: Date
  readonly actorKind: string
  readonly actor: string
  readonly action: string
  readonly subject: string
  readonly after: Readonly<Record<string, unknown>> | null
}

const MAX_CHANGES = 12
/** Acts that are read, to be told together where they belong together. */
const MAX_ACTS = 200
const TOGETHER_MS = 10 * 60_000
/** Fewer alike are told one by one. */
const MANY = 3

/** What changed since: acts from the audit, and devices that came for the first time. */
export async function readChanges(
  sql: TenantSql,
  sinceMs: number,
  names: ReadonlyMap<string, string>,
): Promise<Change[]> {
  const [acts, arrivals] = await Promise.all([
    selectActs(sql, sinceMs),
    selectArrivals(sql, sinceMs),
  ])
  const changes = [...gathered(acts).map((run) => changeOfRun(run, names)), ...arrivals].flat()
  return changes.sort((a, b) => (a.at < b.at ? 1 : -1)).slice(0, MAX_CHANGES)
}

const selectActs = (sql: TenantSql, sinceMs: number) => sql<AuditRow[]>`
  select at, actor_kind as "actorKind", actor, action, subject, after
    from platform.audit
   where at >= ${new Date(sinceMs)} and action = any(${Object.keys(sentences)}::text[])
   order by id desc limit ${MAX_ACTS}`

async function selectArrivals(sql: TenantSql, sinceMs: number): Promise<Change[]> {
  const rows = await sql<{ at: Date; devices: number; device: string }[]>`
    select max(at) as at, count(distinct subject) as devices, min(data ->> 'device') as device
      from platform.outbox
     where type = 'state.presence-changed' and at >= ${new Date(sinceMs)} and data ->> 'from' = 'never'
     group by date_bin('10 minutes', at, '2000-01-01')
     order by 1 desc limit ${MAX_CHANGES}`
  return rows.map(({ at, devices, device }) => ({
    at: at.toISOString(),
    text:
      devices === 1
        ? `${device} connected for the first time`
        : `${devices} devices connected for the first time`,
    by: null,
    device: devices === 1 ? (device as Change['device']) : null,
    alert: null,
  }))
}

/** Runs of acts alike: the same deed by the same hand, soon after one another. */
function gathered(acts: readonly AuditRow[]): AuditRow[][] {
  const runs: AuditRow[][] = []
  for (const act of acts) {
    const run = runs.at(-1)
    const last = run?.at(-1)
    const alike =
      last &&
      last.action === act.action &&
      last.actor === act.actor &&
      last.at.getTime() - act.at.getTime() < TOGETHER_MS
    if (alike) run?.push(act)
    else runs.push([act])
  }
  return runs
}

/** How many acts alike read, by their action. */
const plurals: Readonly<Record<string, string>> = {
  'registry.site-registered': 'sites registered',
  'registry.type-registered': 'device types registered',
  'registry.device-registered': 'devices registered',
  'registry.token-created': 'tokens created',
  'registry.token-revoked': 'tokens revoked',
  'rules.rule-changed': 'rules put in use',
  'connect.command-sent': 'commands sent',
  'actions.delivery-replayed': 'dead letters replayed',
}

function changeOfRun(run: readonly AuditRow[], names: ReadonlyMap<string, string>): Change[] {
  const changes = run.map((row) => changeOf(row, names))
  const [newest] = changes
  const plural = plurals[run[0]?.action ?? '']
  const single = run.every(({ subject }) => !subject.startsWith('devices:'))
  if (!newest || plural === undefined || run.length < MANY || !single) return changes
  return [{ ...newest, text: `${run.length} ${plural}`, device: null, alert: null }]
}

/**
 * How an act reads. `{}` stands for the name in its subject, `{field}` for one of what it wrote.
 * What has no sentence is not told here: who sees devices need not see the audit log.
 */
const sentences: Readonly<Record<string, string>> = {
  'registry.tenant-created': 'Tenant {} created',
  'registry.tenant-suspended': 'Tenant {} suspended',
  'registry.tenant-resumed': 'Tenant {} resumed',
  'registry.tenant-changed': 'Tenant {} changed',
  'registry.tenant-leaving': 'Tenant {} is to be deleted',
  'registry.tenant-kept': 'Tenant {} is kept',
  'registry.tenant-entered': 'An operator entered {}',
  'registry.tenant-left': 'An operator left {}',
  'registry.person-joined': '{name} joined as {role}',
  'registry.site-registered': 'Site {name} registered',
  'registry.type-registered': 'Device type {name} registered',
  'registry.device-registered': '{} registered',
  'registry.token-created': 'Token created for {}',
  'registry.token-revoked': 'Token of {} revoked',
  'rules.rule-changed': 'Rule {} is in use',
  'rules.alert-acknowledged': 'Alert acknowledged',
  'connect.command-sent': 'Command {name} sent to {}',
  'actions.destination-created': 'Destination {name} created',
  'actions.destination-changed': 'Destination {name} changed',
  'actions.delivery-replayed': 'Dead letter replayed',
}

function changeOf(row: AuditRow, names: ReadonlyMap<string, string>): Change {
  const colon = row.subject.indexOf(':')
  const kind = row.subject.slice(0, colon)
  const subject = row.subject.slice(colon + 1)
  const many = kind === 'devices'
  const shown = many ? `${subject} devices` : subject
  const text = sentence(row, shown)
  const isAlert = kind === 'alert' && alertId.safeParse(subject).success
  return {
    at: row.at.toISOString(),
    text,
    by: row.actorKind === 'person' ? (names.get(row.actor) ?? row.actor) : null,
    device: kind === 'device' ? (subject as Change['device']) : null,
    alert: isAlert ? subject : null,
  }
}

function sentence({ action, after }: AuditRow, subject: string): string {
  return (sentences[action] ?? '').replace(/\{(\w*)\}/g, (_, field: string) => {
    const value = field === '' ? subject : after?.[field]
    return typeof value === 'string' ? value : subject
  })
}

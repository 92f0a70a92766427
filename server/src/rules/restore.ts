import type { Severity, TraceStep } from '@pulse/contract'
import type { PipelineSql } from '#platform'
import type { Directory } from '#registry'
import type { LaneMemory, OpenAlert } from './lane-memory.ts'
import type { Phase } from './machine.ts'

interface StateRow {
  readonly tenant: number
  readonly rule: string
  readonly device: number
  readonly phase: Phase
  readonly since: number
  readonly due_at: number | null
  readonly armed_values: TraceStep['values'] | null
  readonly acknowledged: boolean
  readonly alert: string | null
  readonly story: readonly TraceStep[]
  readonly title: string
  readonly severity: Severity
  readonly opened_at: Date
}

/** Fills the memory of a lane from the database: every entry and open alert of its devices. */
export async function restore(
  sql: PipelineSql,
  memory: LaneMemory,
  owns: (device: number) => boolean,
  directory: Pick<Directory, 'devices'>,
): Promise<void> {
  const rows = await sql<StateRow[]>`
    select s.tenant, s.rule, s.device, s.phase, s.since, s.due_at, s.armed_values, s.acknowledged,
           s.alert, s.story, a.title, a.severity, a.opened_at
      from rules.state s
      left join rules.alert a on a.tenant = s.tenant and a.id = s.alert
     order by a.id`
  const owned = rows.filter(({ device }) => owns(device))
  const devices = await directory.devices([...new Set(owned.map(({ device }) => device))])
  for (const row of owned) {
    const device = devices.get(row.device)
    if (!device) continue
    const alert = openAlert(row)
    memory.ledger(row.tenant, row.rule).entries.set(row.device, {
      device,
      state: {
        phase: row.phase,
        since: row.since,
        dueAt: row.due_at ?? undefined,
        values: row.armed_values ?? undefined,
        acknowledged: row.acknowledged,
      },
      alert,
      story: row.story,
    })
    if (alert) memory.open.set(row.device, [...(memory.open.get(row.device) ?? []), alert])
  }
}

const openAlert = (row: StateRow): OpenAlert | undefined =>
  row.alert === null
    ? undefined
    : {
        id: row.alert,
        rule: row.rule,
        title: row.title,
        severity: row.severity,
        openedAt: row.opened_at.getTime(),
      }

import type { EventDraft, TraceStep } from '@pulse/contract'
import type { Device } from '#registry'
import type { AlertRow, Draft } from './draft.ts'
import { step } from './engine.ts'
import type { Entry, OpenAlert, Watch } from './lane-memory.ts'
import { type CompiledRule, type EngineInput, IDLE, type Output } from './machine.ts'

/** What a lane needs besides its memory to move a rule on. */
export interface Surroundings {
  readonly draft: Draft
  readonly facts: EventDraft[]
  readonly newAlertId: (atMs: number) => string
  wake(device: Device, at: number): void
}

/** Moves one rule on by one input, and drafts what follows. */
export function advance(
  around: Surroundings,
  watch: Watch,
  device: Device,
  input: EngineInput,
): void {
  const { draft } = around
  const entry = draft.entry(watch.ledger, device.id)
  const before = entry?.state ?? IDLE
  const { state, outputs, trace } = step(watch.rule, before, input)
  if (state === before && trace.length === 0) return
  const scene: Scene = { ...around, rule: watch.rule, device }
  let course: Course = { alert: entry?.alert, story: entry?.story ?? [] }
  let told = 0
  for (const traced of trace) {
    course = follow(scene, course, traced, speaks(traced) ? outputs[told++] : undefined)
  }
  const next: Entry | undefined = state === IDLE ? undefined : { device, state, ...course }
  if (next || entry) draft.setEntry(watch.ledger, device.id, next)
  if (state.dueAt !== undefined && state.dueAt !== before.dueAt) around.wake(device, state.dueAt)
}

interface Scene extends Surroundings {
  readonly rule: CompiledRule
  readonly device: Device
}
type Course = Pick<Entry, 'alert' | 'story'>

/** Drafts one step, and the output that it has, if any. */
function follow(
  scene: Scene,
  course: Course,
  traced: TraceStep,
  output: Output | undefined,
): Course {
  const { draft, device } = scene
  if (output?.kind === 'opened') {
    const row = alertRow(scene, scene.rule, device, output)
    open(scene, device, row)
    tell(draft, row, device, [...course.story, traced])
    return { alert: row, story: [] }
  }
  if (course.alert) {
    tell(draft, course.alert, device, [traced])
    return { alert: output ? change(scene, device, course.alert, output) : course.alert, story: [] }
  }
  return { alert: undefined, story: traced.to === 'idle' ? [] : [...course.story, traced] }
}

/** Exactly these steps have an output: an alert opens, clears, or is acknowledged. */
const speaks = ({ from, to }: TraceStep): boolean =>
  (to === 'open' && (from === 'idle' || from === 'pending')) ||
  (to === 'idle' && from !== 'pending') ||
  from === to

function tell(draft: Draft, alert: OpenAlert, device: Device, steps: readonly TraceStep[]): void {
  for (const step of steps) draft.steps.push({ tenant: device.tenant.id, alert: alert.id, step })
}

function alertRow(
  around: Surroundings,
  rule: CompiledRule,
  device: Device,
  output: Extract<Output, { kind: 'opened' }>,
): AlertRow {
  return {
    tenant: rule.tenant,
    id: around.newAlertId(output.at),
    rule: rule.key,
    ruleVersion: rule.version,
    title: rule.title,
    severity: rule.severity,
    device: device.id,
    deviceKey: device.key,
    deviceName: device.name,
    site: device.site,
    openedAt: output.at,
    reason: output.reason,
    values: output.values,
  }
}

function open({ draft, facts }: Surroundings, device: Device, row: AlertRow): void {
  draft.open(device, row)
  facts.push({
    type: 'rules.alert-opened',
    tenant: row.tenant,
    subject: `device:${device.key}`,
    data: {
      ...common(row, device),
      openedAt: instant(row.openedAt),
      reason: row.reason,
      values: row.values,
    },
  })
}

/** The alert after `output`; undefined once it has cleared. */
function change(
  { draft, facts }: Surroundings,
  device: Device,
  alert: OpenAlert,
  output: Output,
): OpenAlert | undefined {
  const fact = { tenant: device.tenant.id, subject: `device:${device.key}` }
  if (output.kind === 'acknowledged') {
    draft.change(device.tenant.id, alert.id, {
      acknowledgedAt: output.at,
      acknowledgedBy: output.by,
    })
    const data = { alert: alert.id, device: common(alert, device).device, by: output.by }
    facts.push({ type: 'rules.alert-acknowledged', ...fact, data })
    return alert
  }
  if (output.kind !== 'cleared') return alert
  draft.clear(device, alert.id, { clearedAt: output.at, clearReason: output.reason })
  const times = { openedAt: instant(alert.openedAt), clearedAt: instant(output.at) }
  facts.push({
    type: 'rules.alert-cleared',
    ...fact,
    data: { ...common(alert, device), ...times, reason: output.reason },
  })
  return undefined
}

const instant = (at: number): string => new Date(at).toISOString()

type EventCommon = Pick<
  Extract<EventDraft, { type: 'rules.alert-cleared' }>['data'],
  'alert' | 'rule' | 'title' | 'severity' | 'device' | 'deviceName' | 'site'
>

const common = (alert: OpenAlert, device: Device): EventCommon => ({
  alert: alert.id,
  rule: alert.rule,
  title: alert.title,
  severity: alert.severity,
  device: device.key as EventCommon['device'],
  deviceName: device.name,
  site: device.site,
})

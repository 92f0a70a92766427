import type { Batch, CommandItem, LaneContext, MessageItem, Stage, StageFactory, TimerItem } from '#connect'
import type { Device, Directory } from '#registry'
import { ends } from './absence.ts'
import { advance, type Surroundings } from './advance.ts'
import type { RuleBook } from './book.ts'
import { Draft } from './draft.ts'
import { LaneMemory, type Watch } from './lane-memory.ts'
import { type AbsenceRule, type CompiledRule, deadlineOf, type Outage, type Silence } from './machine.ts'
import { restore } from './restore.ts'
import { statements } from './statements.ts'

export interface RulesStageDeps {
  readonly book: RuleBook
  readonly directory: Pick<Directory, 'devices'>
  /** When the last committed message of a device (or value of a metric) was received, epoch ms. */
  readonly lastHeard: (deviceId: number, metric?: string) => number | undefined
  /** Every device that was heard, with that time. */
  readonly devicesHeard: () => Iterable<readonly [Device, number]>
  /** The outages of Pulse itself, in order. */
  readonly outages: () => readonly Outage[]
  readonly newAlertId: (atMs: number) => string
  /** Called after the commit with the points that evaluation skipped, being older than the newest. */
  readonly onLate: (tenant: number, points: number) => void
}

/** What the handler of `rules.acknowledge` gets as the item's result. */
export type AcknowledgeResult = 'acknowledged' | 'not-open'

/** The Rules stage of the pipeline: messages, timers and acknowledgements in, alerts out. */
export function rulesStage(deps: RulesStageDeps): StageFactory {
  return async (lane) => {
    await deps.book.load(lane.sql)
    const memory = new LaneMemory(deps.book)
    await restore(lane.sql, memory, lane.owns, deps.directory)
    const planner = new Planner(deps, memory, lane)
    planner.armAll(lane.wake)
    memory.armedVersion = memory.bookVersion
    const stage: Stage<Draft> = {
      name: 'rules',
      plan: (batch) => planner.plan(batch),
      write: (sql, draft) => statements(sql, draft),
      apply(draft) {
        draft.apply()
        for (const [tenant, points] of draft.late) deps.onLate(tenant, points)
      },
    }
    return stage
  }
}

/** Stands for a rule that watches a device no more: only `unwatch` is run on it. */
const RETIRED: CompiledRule = {
  kind: 'absence', metric: undefined, forMs: 0, tenant: 0, key: '', version: 0, title: '', severity: 'info', notify: [],
}

type Wake = (device: Device, at: number) => void

class Planner {
  readonly #deps: RulesStageDeps
  readonly #memory: LaneMemory
  readonly #lane: LaneContext

  constructor(deps: RulesStageDeps, memory: LaneMemory, lane: LaneContext) {
    this.#deps = deps
    this.#memory = memory
    this.#lane = lane
  }

  plan(batch: Batch): Draft {
    const draft = new Draft(this.#memory)
    const wake: Wake = (device, at) => batch.wake(device, at)
    const around = { draft, facts: batch.facts, newAlertId: this.#deps.newAlertId, wake }
    if (this.#memory.armedVersion !== this.#memory.bookVersion) {
      this.#reviewAll(wake, batch.at)
      draft.armedVersion = this.#memory.bookVersion
    }
    for (const item of batch.items) {
      if (item.kind === 'message') this.#message(around, item)
      else if (item.kind === 'timer') this.#timer(around, item)
      else if (item.kind === 'command' && item.name === 'rules.acknowledge') {
        item.result = this.#acknowledge(around, item)
      }
    }
    return draft
  }

  /** Asks for the wake-ups of everything that waits: at the start of the lane. */
  armAll(wake: Wake): void {
    const due: { device: Device; at: number }[] = []
    for (const { entries } of this.#memory.ledgers) {
      for (const { device, state } of entries.values()) {
        if (state.dueAt !== undefined) due.push({ device, at: state.dueAt })
      }
    }
    // What fell due while Pulse was away fires in the order in which it was due.
    for (const { device, at } of due.sort((a, b) => a.at - b.at)) wake(device, at)
    for (const [device] of this.#deps.devicesHeard()) {
      if (!this.#lane.owns(device.id)) continue
      const at = this.#earliestDeadline(device)
      if (at !== undefined) wake(device, at)
    }
  }

  /** After a change of rules: looks at every device that has an entry or may have a deadline. */
  #reviewAll(wake: Wake, now: number): void {
    for (const { entries } of this.#memory.ledgers) {
      for (const { device } of entries.values()) wake(device, now)
    }
    this.armAll(wake)
  }

  #earliestDeadline(device: Device): number | undefined {
    let earliest: number | undefined
    for (const watch of this.#watches(device)) {
      if (watch.rule.kind !== 'absence' || watch.ledger.entries.has(device.id)) continue
      const silence = this.#silence(undefined, watch, watch.rule, device.id)
      if (silence && !(earliest !== undefined && earliest <= silence.deadlineAt)) {
        earliest = silence.deadlineAt
      }
    }
    return earliest
  }

  #watches(device: Device, around?: Surroundings, at = 0): readonly Watch[] {
    const known = this.#memory.watches(device)
    if (known) return known
    const watches = this.#memory.look(device)
    const dropped = around ? this.#unwatch(around, device, watches, at) : true
    // What was dropped may be rolled back: then it must be found again.
    if (!dropped) this.#memory.remember(device, watches)
    return watches
  }

  /** Ends what rules left behind that watch this device no more. True when there was any. */
  #unwatch(around: Surroundings, device: Device, watches: readonly Watch[], at: number): boolean {
    const watching = new Set(watches.map(({ ledger }) => ledger))
    let dropped = false
    for (const ledger of this.#memory.ledgers) {
      if (ledger.tenant !== device.tenant.id || watching.has(ledger)) continue
      if (!ledger.entries.has(device.id)) continue
      dropped = true
      const alert = around.draft.entry(ledger, device.id)
      if (alert) advance(around, { rule: RETIRED, ledger }, device, { kind: 'unwatch', at })
    }
    return dropped
  }

  #message(around: Surroundings, item: MessageItem): void {
    const { device, points } = item
    const heardAt = Math.floor(item.receivedAt / 1000)
    const watches = this.#watches(device, around, heardAt)
    if (watches.length === 0) return
    let late = 0
    let fresh = 0
    for (const point of points) {
      if (!point.fresh) continue
      fresh++
      if (point.late) {
        late++
        continue
      }
      const { ts, metrics } = point
      for (const watch of watches) {
        if (watch.rule.kind !== 'threshold') continue
        advance(around, watch, device, { kind: 'message', ts, heardAt, metrics, device, silence: undefined })
      }
    }
    if (fresh === 0) return
    if (late > 0) countLate(around.draft, device.tenant.id, late)
    let awaited = false
    for (const watch of watches) {
      if (watch.rule.kind !== 'absence') continue
      this.#heard(around, watch, watch.rule, item)
      awaited = true
    }
    if (awaited) around.draft.heard.set(device.id, heardAt)
  }

  #heard(around: Surroundings, watch: Watch, rule: AbsenceRule, item: MessageItem): void {
    const { device } = item
    const heardAt = Math.floor(item.receivedAt / 1000)
    const fresh = item.points.filter((point) => point.fresh)
    const point = fresh.find((candidate) => ends(rule, candidate)) ?? fresh[0]
    if (!point) return
    const { ts, metrics } = point
    const silence = this.#silence(around.draft, watch, rule, device.id)
    advance(around, watch, device, { kind: 'message', ts, heardAt, metrics, device, silence })
    if (!ends(rule, point)) return
    if (rule.metric !== undefined) {
      const { heardMetric } = around.draft
      const heard = heardMetric.get(watch.ledger) ?? new Map<number, number>()
      heardMetric.set(watch.ledger, heard.set(device.id, heardAt))
    }
    around.wake(device, deadlineOf(rule.forMs, heardAt, this.#deps.outages()))
  }

  #timer(around: Surroundings, { device, at }: TimerItem): void {
    for (const watch of this.#watches(device, around, at)) {
      const silence =
        watch.rule.kind === 'absence'
          ? this.#silence(around.draft, watch, watch.rule, device.id)
          : undefined
      advance(around, watch, device, { kind: 'timer', at, silence })
      const entry = around.draft.entry(watch.ledger, device.id)
      const next = entry ? entry.state.dueAt : silence?.deadlineAt
      if (next !== undefined && next > at) around.wake(device, next)
    }
  }

  #silence(
    draft: Draft | undefined,
    { ledger }: Watch,
    { metric, forMs }: AbsenceRule,
    device: number,
  ): Silence | undefined {
    const recent = metric === undefined ? draft?.heard.get(device) : draft?.heardMetric.get(ledger)?.get(device)
    const heardAt = recent ?? later(ledger.heard.get(device), this.#deps.lastHeard(device, metric))
    if (heardAt === undefined) return undefined
    return { heardAt, deadlineAt: deadlineOf(forMs, heardAt, this.#deps.outages()) }
  }

  #acknowledge(around: Surroundings, item: CommandItem): AcknowledgeResult {
    const { device, at } = item
    const args = item.args as unknown as AcknowledgeArgs
    for (const watch of this.#watches(device, around, at)) {
      const entry = around.draft.entry(watch.ledger, device.id)
      if (entry?.alert?.id !== args.alert) continue
      if (!entry.state.acknowledged) {
        advance(around, watch, device, { kind: 'acknowledge', at, by: args.by })
        around.draft.acknowledgements.push({ ...args, tenant: device.tenant.id, device: device.key })
      }
      return 'acknowledged'
    }
    return 'not-open'
  }
}

/** Arguments of the command `rules.acknowledge`. */
export interface AcknowledgeArgs {
  readonly alert: string
  /** Name of the person, as it is shown. */
  readonly by: string
  readonly actor: { readonly kind: string; readonly id: string }
  readonly requestId: string | undefined
  readonly address: string | undefined
}

const later = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined || (b !== undefined && b > a) ? b : a

function countLate(draft: Draft, tenant: number, points: number): void {
  draft.late.set(tenant, (draft.late.get(tenant) ?? 0) + points)
}

import type { Batch, CommandItem, LaneContext, MessageItem, Point, TimerItem } from '#connect'
import type { Device } from '#registry'
import { ends } from './absence.ts'
import { advance, type Surroundings } from './advance.ts'
import { Draft } from './draft.ts'
import type { LaneMemory, Watch } from './lane-memory.ts'
import { type AbsenceRule, type CompiledRule, deadlineOf, type Silence } from './machine.ts'
import type { AcknowledgeArgs, AcknowledgeResult, RulesStageDeps } from './stage-deps.ts'

/** Stands for a rule that watches a device no more: only `unwatch` is run on it. */
const RETIRED: CompiledRule = {
  kind: 'absence',
  metric: undefined,
  forMs: 0,
  tenant: 0,
  key: '',
  version: 0,
  title: '',
  severity: 'info',
  notify: [],
}

type Wake = (device: Device, at: number) => void

/**
 * Turns a batch into a draft: runs every rule that watches a device of the batch, in the order of
 * its items. Changes nothing but the draft, the batch's facts and wake-ups, and what it has looked
 * up of the rule book.
 */
export class Planner {
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
    for (const [known] of this.#deps.devicesHeard()) {
      if (!this.#lane.owns(known.id)) continue
      const device = this.#memory.latest(known)
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
    if (around) this.#memory.met(device)
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
    const { device } = item
    const heardAt = Math.floor(item.receivedAt / 1000)
    const watches = this.#watches(device, around, heardAt)
    if (watches.length === 0) return
    let fresh = false
    for (const point of item.points) {
      if (!point.fresh) continue
      fresh = true
      // Skipped; State counts it on the head of the device.
      if (!point.late) measure(around, watches, { device, heardAt, point })
    }
    if (!fresh) return
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

  #timer(around: Surroundings, item: TimerItem): void {
    const { at } = item
    const device = this.#memory.latest(item.device)
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
    const recent =
      metric === undefined ? draft?.heard.get(device) : draft?.heardMetric.get(ledger)?.get(device)
    const last = recent ?? later(ledger.heard.get(device), this.#lastHeard(device, metric))
    if (last === undefined) return undefined
    const heardAt = Math.floor(last)
    return { heardAt, deadlineAt: deadlineOf(forMs, heardAt, this.#deps.outages()) }
  }

  /** A metric is known by when it was measured, which a device may date ahead. */
  #lastHeard(device: number, metric: string | undefined): number | undefined {
    const { lastHeard } = this.#deps
    const message = lastHeard(device)
    if (metric === undefined || message === undefined) return message
    const measured = lastHeard(device, metric)
    return measured === undefined ? undefined : Math.min(measured, message)
  }

  #acknowledge(around: Surroundings, item: CommandItem): AcknowledgeResult {
    const { device, at } = item
    const args = item.args as unknown as AcknowledgeArgs
    for (const watch of this.#watches(device, around, at)) {
      const entry = around.draft.entry(watch.ledger, device.id)
      if (entry?.alert?.id !== args.alert) continue
      if (!entry.state.acknowledged) {
        advance(around, watch, device, { kind: 'acknowledge', at, by: args.by })
        around.draft.acknowledgements.push({
          ...args,
          tenant: device.tenant.id,
          device: device.key,
        })
      }
      return 'acknowledged'
    }
    return 'not-open'
  }
}

const later = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined || (b !== undefined && b > a) ? b : a

interface Measured {
  readonly device: Device
  readonly heardAt: number
  readonly point: Point
}

/** Shows one point to the rules that look at values. */
function measure(around: Surroundings, watches: readonly Watch[], measured: Measured): void {
  const { device, heardAt, point } = measured
  const { ts, metrics } = point
  if (metrics === undefined) return
  for (const watch of watches) {
    if (watch.rule.kind !== 'threshold') continue
    advance(around, watch, device, {
      kind: 'message',
      ts,
      heardAt,
      metrics,
      device,
      silence: undefined,
    })
  }
}

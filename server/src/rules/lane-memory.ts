import type { Severity, TraceStep } from '@pulse/contract'
import type { Device } from '#registry'
import type { RuleBook } from './book.ts'
import type { CompiledRule, RuleState } from './machine.ts'

/** An alert that has not cleared, as the lane remembers it. */
export interface OpenAlert {
  readonly id: string
  readonly rule: string
  readonly title: string
  readonly severity: Severity
  /** Epoch milliseconds. */
  readonly openedAt: number
}

/** A rule and a device that are not in the initial state. */
export interface Entry {
  readonly device: Device
  readonly state: RuleState
  readonly alert: OpenAlert | undefined
  /** Steps that no alert has yet: the way to `pending`. */
  readonly story: readonly TraceStep[]
}

/** The entries of one rule in this lane, by device; they outlive the versions of the rule. */
export interface Ledger {
  readonly tenant: number
  readonly rule: string
  readonly entries: Map<number, Entry>
  /** When a value of the awaited metric came, by device; of absence rules with a metric. */
  readonly heard: Map<number, number>
}

/** A rule as it watches a device, with its ledger at hand. */
export interface Watch {
  readonly rule: CompiledRule
  readonly ledger: Ledger
}

/**
 * What a lane remembers of rules: entries, open alerts per device, and which rules watch which
 * device. Changed only by `apply` of a draft that was committed.
 */
export class LaneMemory {
  readonly #book: RuleBook
  readonly #ledgers = new Map<string, Ledger>()
  readonly #latest = new Map<number, Device>()
  readonly #watches = new WeakMap<Device, { version: number; watches: readonly Watch[] }>()
  /** Alerts that have not cleared, by device. */
  readonly open = new Map<number, readonly OpenAlert[]>()
  /** Version of the book for which wake-ups were asked. */
  armedVersion = 0

  constructor(book: RuleBook) {
    this.#book = book
  }

  get bookVersion(): number {
    return this.#book.version
  }

  ledger(tenant: number, rule: string): Ledger {
    const name = `${tenant}/${rule}`
    const known = this.#ledgers.get(name)
    if (known) return known
    const ledger: Ledger = { tenant, rule, entries: new Map(), heard: new Map() }
    this.#ledgers.set(name, ledger)
    return ledger
  }

  get ledgers(): Iterable<Ledger> {
    return this.#ledgers.values()
  }

  /** Takes note of a device as the Registry has it now. */
  met(device: Device): void {
    this.#latest.set(device.id, device)
  }

  /** `device` as it was last met: a wake-up that was asked for long ago may bring an old one. */
  latest(device: Device): Device {
    return this.#latest.get(device.id) ?? device
  }

  /** The rules that watch `device`; undefined when they must be looked up by {@link look}. */
  watches(device: Device): readonly Watch[] | undefined {
    const known = this.#watches.get(device)
    return known?.version === this.#book.version ? known.watches : undefined
  }

  /** Looks up the rules that watch `device`, without remembering them. */
  look(device: Device): readonly Watch[] {
    return this.#book
      .rulesFor(device)
      .map((rule) => ({ rule, ledger: this.ledger(rule.tenant, rule.key) }))
  }

  remember(device: Device, watches: readonly Watch[]): void {
    this.#watches.set(device, { version: this.#book.version, watches })
  }
}

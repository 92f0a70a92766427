import type { Severity, TraceStep } from '@pulse/contract'
import type { Actor } from '#platform'
import type { Device, IndexPatch } from '#registry'
import type { Entry, LaneMemory, Ledger, OpenAlert } from './lane-memory.ts'

/** An alert row as it is inserted. Times in epoch milliseconds. */
export interface AlertRow {
  readonly tenant: number
  readonly id: string
  readonly rule: string
  readonly ruleVersion: number
  readonly title: string
  readonly severity: Severity
  readonly device: number
  readonly deviceKey: string
  readonly deviceName: string
  readonly site: string | null
  readonly openedAt: number
  readonly reason: string
  readonly values: TraceStep['values']
}

/** What happened to an alert after it opened. */
export interface AlertChange {
  readonly clearedAt?: number
  readonly clearReason?: string
  readonly acknowledgedAt?: number
  readonly acknowledgedBy?: string
}

/** An acknowledgement, for the audit. */
export interface Acknowledgement {
  readonly tenant: number
  readonly alert: string
  readonly device: string
  readonly by: string
  readonly actor: Actor
  readonly requestId: string | undefined
  readonly address: string | undefined
}

const rank: Readonly<Record<Severity, number>> = { info: 0, warning: 1, critical: 2 }

/** What a batch does to rules: read through it, written by the statements, then applied. */
export class Draft {
  readonly #memory: LaneMemory
  readonly entries = new Map<Ledger, Map<number, Entry | undefined>>()
  readonly opened = new Map<string, AlertRow>()
  readonly changed = new Map<string, AlertChange & { readonly tenant: number }>()
  readonly steps: { readonly tenant: number; readonly alert: string; readonly step: TraceStep }[] =
    []
  readonly acknowledgements: Acknowledgement[] = []
  /** When devices were heard in this batch; only of those that an absence rule watches. */
  readonly heard = new Map<number, number>()
  readonly heardMetric = new Map<Ledger, Map<number, number>>()
  readonly #open = new Map<number, { device: Device; alerts: readonly OpenAlert[] }>()
  /** The version of the book that wake-ups were asked for, when this batch did. */
  armedVersion: number | undefined

  constructor(memory: LaneMemory) {
    this.#memory = memory
  }

  entry(ledger: Ledger, device: number): Entry | undefined {
    if (this.entries.size > 0) {
      const changes = this.entries.get(ledger)
      if (changes?.has(device)) return changes.get(device)
    }
    return ledger.entries.get(device)
  }

  setEntry(ledger: Ledger, device: number, entry: Entry | undefined): void {
    const changes = this.entries.get(ledger) ?? new Map<number, Entry | undefined>()
    this.entries.set(ledger, changes.set(device, entry))
  }

  openAlerts(device: number): readonly OpenAlert[] {
    return this.#open.get(device)?.alerts ?? this.#memory.open.get(device) ?? []
  }

  open(device: Device, row: AlertRow): void {
    this.opened.set(row.id, row)
    this.#open.set(device.id, { device, alerts: [...this.openAlerts(device.id), row] })
  }

  change(tenant: number, alert: string, change: AlertChange): void {
    this.changed.set(alert, { ...this.changed.get(alert), ...change, tenant })
  }

  clear(device: Device, alert: string, change: AlertChange): void {
    this.change(device.tenant.id, alert, change)
    const alerts = this.openAlerts(device.id).filter(({ id }) => id !== alert)
    this.#open.set(device.id, { device, alerts })
  }

  /** The index rows that this batch changes. */
  patches(): IndexPatch[] {
    return [...this.#open.values()].map(({ device, alerts }) => {
      const counts = { critical: 0, warning: 0, info: 0 }
      for (const { severity } of alerts) counts[severity]++
      const worst = alerts.toSorted(
        (a, b) => rank[b.severity] - rank[a.severity] || a.openedAt - b.openedAt,
      )[0]
      const worstAlert = worst ? { title: worst.title, severity: worst.severity } : null
      return { tenant: device.tenant.id, device: device.id, alerts: counts, worstAlert }
    })
  }

  /** Puts what was committed into the memory of the lane. */
  apply(): void {
    for (const [ledger, changes] of this.entries) {
      for (const [device, entry] of changes) {
        if (entry) ledger.entries.set(device, entry)
        else ledger.entries.delete(device)
      }
    }
    for (const [ledger, heard] of this.heardMetric) {
      for (const [device, at] of heard) ledger.heard.set(device, at)
    }
    for (const [device, { alerts }] of this.#open) {
      if (alerts.length > 0) this.#memory.open.set(device, alerts)
      else this.#memory.open.delete(device)
    }
    if (this.armedVersion !== undefined) this.#memory.armedVersion = this.armedVersion
  }
}

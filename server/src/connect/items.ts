import type { EventDraft, MessageKind, MetricValue, RefusalCode } from '@pulse/contract'
import type { Device } from '#registry'

/** One measured point of a telemetry message, or the whole of an event or status message. */
export interface Point {
  /** When it was measured, epoch milliseconds. */
  readonly ts: number
  /** JSON text of the metrics (or of the data), exactly as it came. */
  readonly text: string
  /** Parsed metrics; undefined for event and status. Names may be `__proto__`: use own keys only. */
  readonly metrics: Readonly<Record<string, MetricValue>> | undefined
  /** Set by Stream when it plans: false for what is stored already. */
  fresh: boolean
  /** Set by Stream when it plans: true when the device has a newer point. */
  late: boolean
}

/** A message that admission let in: well-formed, of a known device, within its limits. */
export interface MessageItem {
  readonly kind: 'message'
  readonly device: Device
  readonly type: MessageKind
  /** Given by the device, or made (then it begins with `~`). */
  readonly id: string
  readonly seq: number | undefined
  /** False when the device sent no `ts` and the time of receipt stands in. */
  readonly timed: boolean
  readonly points: readonly Point[]
  /** Parsed data of event and status messages. */
  readonly data: Readonly<Record<string, unknown>> | undefined
  /** JSON text of everything that was sent beside the known fields, or undefined. */
  readonly extra: string | undefined
  /** QoS 2: the session and packet id to be remembered with the message. */
  readonly qos2: { readonly session: number; readonly packetId: number } | undefined
  /** Set by the lane: strictly rising within it, epoch microseconds. */
  receivedAt: number
  readonly settle: Settle
}

/** A session began or ended. */
export interface PresenceItem {
  readonly kind: 'presence'
  readonly device: Device
  readonly at: number
  readonly connected: boolean
  readonly session: {
    readonly clientId: string
    readonly protocol: string
    readonly address: string
    /** Why it ended. */
    readonly reason?: string
  }
  receivedAt: number
  readonly settle: Settle
}

/** A deadline of a device has come; stages look themselves which. */
export interface TimerItem {
  readonly kind: 'timer'
  readonly device: Device
  readonly at: number
  receivedAt: number
  readonly settle: Settle
}

/** A person's act on a device's state, such as to acknowledge an alert. */
export interface CommandItem {
  readonly kind: 'command'
  readonly device: Device
  readonly at: number
  /** Module and verb, such as `rules.acknowledge`. The stage of that module reads `args`. */
  readonly name: string
  readonly args: Readonly<Record<string, unknown>>
  /** Set by the stage that answers. */
  result: unknown
  receivedAt: number
  readonly settle: Settle
}

export type Item = MessageItem | PresenceItem | TimerItem | CommandItem

/** How an item ended. `stored` covers "was stored before" too; after `away` it must be sent again. */
export type Outcome =
  | { readonly kind: 'stored' }
  | { readonly kind: 'away' }
  | { readonly kind: 'refused'; readonly code: RefusalCode; readonly detail: string }
/** Called once, after the commit (or the refusal), never before. */
export type Settle = (outcome: Outcome) => void

/** What one transaction holds. Stages read the items in order, and add facts and wake-ups. */
export interface Batch {
  /** The engine's time of this batch, epoch milliseconds: no item is later than it. */
  readonly at: number
  readonly items: readonly Item[]
  /** Events, written to the outbox with everything else. */
  readonly facts: EventDraft[]
  /** Asks for a timer item of `device` at `at` (epoch ms) or a little later, never before. */
  wake(device: Device, at: number): void
}

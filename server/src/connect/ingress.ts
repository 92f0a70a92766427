import type { MessageKind, RefusalCode } from '@pulse/contract'
import type { Device } from '#registry'
import type { MessageItem, PresenceItem } from './items.ts'

/** One refused item of a payload; `index` counts within an array payload, 0 for a single one. */
export interface RefusedItem {
  readonly index: number
  readonly code: RefusalCode
  /** What was wrong with this very item, in plain words. */
  readonly detail: string
  readonly id: string | undefined
}

/**
 * How a payload ended.
 * - `stored`: everything is durable (or was before).
 * - `refused`: everything has settled; these items were refused for good and recorded, the rest is durable.
 * - `retry`: nothing may be acknowledged; slow the sender, then close. The sender will resend.
 */
export type PublishOutcome =
  | { readonly kind: 'stored' }
  | { readonly kind: 'refused'; readonly items: readonly RefusedItem[]; readonly total: number }
  | { readonly kind: 'retry'; readonly code: RefusalCode; readonly retryAfterMs: number }

/** Where a payload came from, for rejections and the audit of sources. */
export interface Origin {
  readonly source: 'mqtt' | 'http'
  readonly topic: string | undefined
  readonly address: string | undefined
  readonly qos2?: MessageItem['qos2']
}

/** The one door into the pipeline, for MQTT and HTTP alike. */
export interface Ingress {
  /**
   * Admits the envelopes in `payload` and queues them. `channel` is what the topic implies, or
   * undefined over HTTP. `settled` is called once, after the commit, in any order between calls.
   */
  publish(
    device: Device,
    channel: MessageKind | undefined,
    payload: Uint8Array,
    origin: Origin,
    settled: (outcome: PublishOutcome) => void,
  ): void
  /** Queues that a session began or ended. */
  presence(device: Device, connected: boolean, session: PresenceItem['session']): void
  /** Records a message that was refused before admission (topic, size…). `device` may be unknown. */
  reject(facts: RejectFacts): void
  /** Resolves when everything rejected before is durable: only then may its sender be told. */
  recorded(): Promise<void>
  /** True while the lanes are full: stop reading sockets. */
  readonly congested: boolean
  /** Calls `listener` each time congestion ends. */
  onDrain(listener: () => void): void
}

export interface RejectFacts {
  readonly tenant: number | undefined
  readonly device: Device | undefined
  readonly code: RefusalCode
  readonly detail: string
  readonly origin: Origin
  readonly payload: Uint8Array | undefined
  readonly messageId: string | undefined
}

import type { MessageKind } from '@pulse/contract'
import type { Connection } from './connection.ts'
import type { Subscription } from './topic.ts'

/** A message that Pulse publishes for a client that went without a word. */
export interface Will {
  readonly topic: string
  readonly channel: MessageKind
  readonly payload: Uint8Array
  readonly delayS: number
}

/** A session as it lives in memory: while it is connected, or while messages of it are unsettled. */
export interface Session {
  /** Device and client id: nobody can take over another's session by its client id. */
  readonly key: string
  readonly clientId: string
  /** Row of the kept session; 0 for one that lives here only. */
  id: number
  connection: Connection | undefined
  expiryS: number
  /** Packet ids of QoS 2 messages whose PUBREL has not come. */
  received: Set<number> | undefined
  subscriptions: readonly Subscription[]
  will: Will | undefined
  /** Messages of QoS 2 that are on their way to the log. */
  storing: number
  /** Called when `storing` falls to 0. */
  onStored: (() => void) | undefined
}

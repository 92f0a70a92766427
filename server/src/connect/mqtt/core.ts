import type { RefusalCode } from '@pulse/contract'
import type { Clock, Log } from '#platform'
import type { Device, Directory } from '#registry'
import type { Ingress, PublishOutcome } from '../ingress.ts'
import type { MessageItem } from '../items.ts'
import type { Claims } from './claims.ts'
import type { Connection, ConnectionHost } from './connection.ts'
import type { GatewayLimits } from './limits.ts'
import type { OutboundStore } from './outbound-store.ts'
import type { Session } from './session.ts'
import type { SessionStore } from './session-store.ts'

/** Stores what a device answered to a command. */
export type AnswerCommand = (
  device: Device,
  command: string,
  payload: Uint8Array,
  qos2: MessageItem['qos2'],
) => Promise<PublishOutcome>

/** Counters since the start; `refused` by code. */
export interface GatewayCounters {
  accepted: number
  connected: number
  messages: number
  bytes: number
  delivered: number
  /** Messages on `errors` that a client could not take, or had too many of. */
  errorsDropped: number
  readonly refused: Map<RefusalCode, number>
}

/** What the handlers of packets share. */
export interface Core extends ConnectionHost {
  readonly ingress: Ingress
  readonly directory: Directory
  readonly clock: Clock
  readonly log: Log
  readonly limits: GatewayLimits
  readonly store: SessionStore
  readonly outbounds: OutboundStore
  readonly answerCommand: AnswerCommand
  readonly sessions: Map<string, Session>
  /** The newest connection of each device; the others hang on it as siblings. */
  readonly devices: Map<number, Connection>
  /** Rows of `connect.outbound` that are on their way to some connection, by device. */
  readonly claims: Claims
  /** Connections that are not read until the lanes have drained. */
  readonly congested: Connection[]
  /** Wills that wait for their delay, by session key; calling one withdraws it, or publishes it when due. */
  readonly wills: Map<string, (due: boolean) => void>
  /**
   * Devices whose connections were ended for a revoked token, and when: a sign-in that was under
   * way then must not slip through.
   */
  readonly kicked: Map<number, number>
  readonly counters: GatewayCounters
  /** Runs `work` when all earlier work under `key` is done. */
  serially(key: string, work: () => Promise<void>): Promise<void>
  /** Tells a device on `errors` of a message that was refused. */
  tell(device: Device, note: RefusalNote): void
  /** False while the gateway closes. */
  readonly running: boolean
}

/** What is published on `errors`. */
export interface RefusalNote {
  readonly code: RefusalCode
  readonly message: string
  readonly topic: string
  readonly id?: string | undefined
  /** Position within an array payload. */
  readonly index?: number | undefined
}

/** Every live connection of a device. */
export function* connectionsOf(core: Core, device: number): Generator<Connection> {
  let next = core.devices.get(device)
  while (next) {
    // Read first: ending a connection takes it out of the list.
    const { sibling } = next
    yield next
    next = sibling
  }
}

export function count(core: Core, code: RefusalCode): void {
  core.counters.refused.set(code, (core.counters.refused.get(code) ?? 0) + 1)
}

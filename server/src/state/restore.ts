import type { LaneContext, MessageItem } from '#connect'
import type { PipelineSql } from '#platform'
import type { Device } from '#registry'
import { type Head, type Latest, newHead, takeMessage } from './head.ts'

interface HeadRow {
  readonly device: number
  readonly received: number
  readonly newest: number
  readonly metrics: Readonly<Record<string, Latest>>
  readonly status: Readonly<Record<string, unknown>> | null
  readonly seq: number | null
  readonly messages: number
  readonly gaps: number
  readonly late: number
}

interface PresenceRow {
  readonly device: number
  readonly status: Head['status']
  readonly since: number
  readonly sessionAt: number | null
  readonly protocol: string | null
  readonly clientId: string | null
  readonly address: string | null
}

/**
 * Restores the heads of a lane: what was written, and on top every message received since the
 * mark in `state.flush`. All devices begin as disconnected.
 */
export async function restoreHeads(
  lane: LaneContext,
  deps: RestoreDeps,
): Promise<Map<number, Head>> {
  const [written, presence] = await Promise.all([readHeads(lane.sql), readPresence(lane.sql)])
  const owned = (device: number) => lane.owns(device)
  const ids = new Set([...written, ...presence].map((row) => row.device).filter(owned))
  const devices = await deps.devices([...ids])
  const heads = new Map<number, Head>()
  for (const id of ids) {
    const device = devices.get(id)
    if (device) heads.set(id, newHead(device))
  }
  for (const row of written) fillHead(heads.get(row.device), row)
  for (const row of presence) fillPresence(heads.get(row.device), row)
  await replayUnwritten(lane, heads, deps)
  return heads
}

/** Sessions do not outlive the gateway: at its start nobody is connected. */
export const forgetSessions = (sql: PipelineSql): Promise<unknown> =>
  sql`update state.presence set connected = false where connected`

const readHeads = (sql: PipelineSql) => sql<HeadRow[]>`
  select device, (extract(epoch from last_received_at) * 1000000)::float8 as received,
         (extract(epoch from newest_ts) * 1000)::float8 as newest,
         metrics, status, seq, messages, gaps, late
    from state.head`

const readPresence = (sql: PipelineSql) => sql<PresenceRow[]>`
  select device, status, (extract(epoch from since) * 1000)::float8 as since,
         (extract(epoch from session_at) * 1000)::float8 as "sessionAt",
         protocol, client_id as "clientId", address
    from state.presence`

function fillHead(head: Head | undefined, row: HeadRow): void {
  if (!head) return
  head.lastReceivedAt = row.received
  head.newestTs = row.newest
  for (const [name, latest] of Object.entries(row.metrics)) head.metrics.set(name, latest)
  head.lastStatus = row.status ?? undefined
  head.seq = row.seq ?? undefined
  head.messages = row.messages
  head.gaps = row.gaps
  head.late = row.late
}

function fillPresence(head: Head | undefined, row: PresenceRow): void {
  if (!head) return
  head.status = row.status
  head.since = row.since
  head.session = {
    connected: false,
    at: row.sessionAt ?? 0,
    protocol: row.protocol,
    clientId: row.clientId,
    address: row.address,
  }
}

/** A stored message as it arrived. */
export interface Arrival {
  readonly device: number
  /** Epoch milliseconds. */
  readonly ts: number
  readonly id: string
  readonly kind: 't' | 'e' | 's'
  /** Epoch microseconds. */
  readonly receivedAt: number
  readonly data: Readonly<Record<string, never>>
  readonly seq: number | null
}

export interface RestoreDeps {
  readonly devices: (ids: readonly number[]) => Promise<ReadonlyMap<number, Device>>
  /** Messages received after an instant (epoch microseconds), in order, some at a time. */
  readonly arrivals: (sql: PipelineSql, afterMicros: number) => AsyncIterable<readonly Arrival[]>
}

const types = { t: 'telemetry', e: 'event', s: 'status' } as const

/** Folds the messages past the mark into the heads, in the order in which they were received. */
async function replayUnwritten(
  lane: LaneContext,
  heads: Map<number, Head>,
  deps: RestoreDeps,
): Promise<void> {
  const [mark] = await lane.sql<{ through: number | null }[]>`
    select (extract(epoch from min(through)) * 1000000)::float8 as through from state.flush`
  for await (const rows of deps.arrivals(lane.sql, mark?.through ?? 0)) {
    const owned = rows.filter((row) => lane.owns(row.device))
    const missing = owned.map((row) => row.device).filter((id) => !heads.has(id))
    if (missing.length > 0) {
      for (const [id, device] of await deps.devices([...new Set(missing)]))
        heads.set(id, newHead(device))
    }
    for (const row of owned) foldRow(heads.get(row.device), row)
  }
}

function foldRow(head: Head | undefined, row: Arrival): void {
  // What a head was written with is everything of its device up to its last receipt.
  if (!head || row.receivedAt <= head.lastReceivedAt) return
  const telemetry = row.kind === 't'
  const item: MessageItem = {
    kind: 'message',
    device: head.device,
    type: types[row.kind],
    id: row.id,
    seq: row.seq ?? undefined,
    timed: true,
    points: [
      {
        ts: row.ts,
        text: '',
        metrics: telemetry ? row.data : undefined,
        fresh: true,
        late: row.ts < head.newestTs,
      },
    ],
    data: telemetry ? undefined : row.data,
    extra: undefined,
    qos2: undefined,
    receivedAt: row.receivedAt,
    settle: () => {},
  }
  takeMessage(head, item)
  if (head.dirtySince === 0) head.dirtySince = row.receivedAt
}

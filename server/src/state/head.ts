import type { DeviceStatus, MetricValue } from '@pulse/contract'
import type { MessageItem, PresenceItem } from '#connect'
import type { Device } from '#registry'

/** Value of a metric and when it was measured, epoch ms. */
export type Latest = readonly [value: MetricValue, ts: number]

/** What is known of a device now: in memory, written behind. */
export interface Head {
  device: Device
  /** Epoch microseconds; 0 before the first message. */
  lastReceivedAt: number
  newestTs: number
  readonly metrics: Map<string, Latest>
  lastStatus: Readonly<Record<string, unknown>> | undefined
  seq: number | undefined
  messages: number
  gaps: number
  late: number
  status: DeviceStatus
  since: number
  session: {
    connected: boolean
    /** Epoch ms; 0 when it never had one. */
    at: number
    protocol: string | null
    clientId: string | null
    address: string | null
  }
  /** `lastReceivedAt` of the oldest message that is not written yet; 0 when clean. */
  dirtySince: number
  /** When the device index last heard of it, epoch ms. */
  indexedAt: number
}

export const newHead = (device: Device): Head => ({
  device,
  lastReceivedAt: 0,
  newestTs: 0,
  metrics: new Map(),
  lastStatus: undefined,
  seq: undefined,
  messages: 0,
  gaps: 0,
  late: 0,
  status: 'never',
  since: 0,
  session: { connected: false, at: 0, protocol: null, clientId: null, address: null },
  dirtySince: 0,
  indexedAt: 0,
})

/** Metrics kept per device; a device that invents names without end does not fill the memory. */
const MAX_METRICS = 1024

/** Takes a stored message into the head. Repeated points change nothing but the time of hearing. */
export function takeMessage(head: Head, item: MessageItem): void {
  head.device = item.device
  head.lastReceivedAt = Math.max(head.lastReceivedAt, item.receivedAt)
  let fresh = false
  for (const point of item.points) {
    if (!point.fresh) continue
    fresh = true
    if (point.late) head.late++
    if (point.ts > head.newestTs) head.newestTs = point.ts
    if (point.metrics) takeMetrics(head, point.metrics, point.ts)
  }
  if (!fresh) return
  head.messages++
  if (item.type === 'status') head.lastStatus = item.data
  if (item.seq === undefined) return
  // A lower number is a new boot; the same again is a repeat.
  if (head.seq !== undefined && item.seq > head.seq + 1) head.gaps += item.seq - head.seq - 1
  head.seq = item.seq
}

function takeMetrics(head: Head, metrics: Readonly<Record<string, MetricValue>>, ts: number): void {
  for (const name of Object.keys(metrics)) {
    const known = head.metrics.get(name)
    if (known ? known[1] > ts : head.metrics.size >= MAX_METRICS) continue
    head.metrics.set(name, [metrics[name] as MetricValue, ts])
  }
}

/** Takes the begin or end of a session into the head. The end of an older session is ignored. */
export function takePresence(head: Head, item: PresenceItem): void {
  const { session } = head
  if (!item.connected && session.connected && session.clientId !== item.session.clientId) return
  head.session = {
    connected: item.connected,
    at: item.at,
    protocol: item.session.protocol,
    clientId: item.session.clientId,
    address: item.session.address,
  }
}

/** The row of state.head, as JSON for `json_to_recordset`. */
export const headRow = (head: Head) => ({
  device: head.device.id,
  tenant: head.device.tenant.id,
  received: head.lastReceivedAt,
  newest: head.newestTs,
  metrics: Object.fromEntries(head.metrics),
  status: head.lastStatus ?? null,
  seq: head.seq ?? null,
  messages: head.messages,
  gaps: head.gaps,
  late: head.late,
})

/** What the device index shows of a head. */
export const readingOf = (head: Head): { metric: string; value: MetricValue } | null => {
  const metric = head.device.readingMetric
  const latest = metric === null ? undefined : head.metrics.get(metric)
  return metric === null || latest === undefined ? null : { metric, value: latest[0] }
}

export const firmwareOf = (head: Head): string | null => {
  const firmware = head.lastStatus?.['firmware']
  return typeof firmware === 'string' ? firmware : null
}

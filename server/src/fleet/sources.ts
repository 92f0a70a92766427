import type { Alert, DeviceDetail, DeviceRow, Timeline } from '@pulse/contract'
import type { TenantSql } from '#platform'

/** Which device, and from when to when, epoch milliseconds. */
export interface DeviceRange {
  readonly tenant: number
  readonly id: number
  readonly key: string
  readonly fromMs: number
  readonly toMs: number
}

export interface DeliveryStats {
  readonly settled: number
  readonly succeeded: number
  /** From the event to the answer; null when nothing settled. */
  readonly p99Ms: number | null
  /** All that wait now, whenever they died. */
  readonly deadLetters: number
}

/** Messages of a tenant since this process began. */
export interface TrafficCount {
  readonly messages: number
  readonly refused: number
}

/**
 * What Fleet asks of the modules below. `app.ts` binds each to the face of its module, so that
 * Fleet composes and knows no table but its own.
 */
export interface FleetSources {
  /** State: what a list shows of a device now; undefined when it never spoke. */
  live(
    deviceId: number,
  ):
    | (Pick<DeviceRow, 'reading' | 'firmware'> & { readonly lastMessageAt: number | null })
    | undefined
  /** State: what the device page shows of it now. */
  detail(
    deviceId: number,
  ): Pick<DeviceDetail, 'session' | 'newestAt' | 'metrics' | 'lastStatus' | 'counters'>
  presence(sql: TenantSql, range: DeviceRange): Promise<Timeline['presence']>
  /** Stream: device events. */
  events(sql: TenantSql, range: DeviceRange): Promise<Timeline['events']>
  /** Stream: bucket means of one metric per device. */
  sparks(
    sql: TenantSql,
    wanted: readonly { readonly device: number; readonly metric: string }[],
    range: { readonly fromMs: number; readonly toMs: number; readonly buckets: number },
  ): Promise<ReadonlyMap<number, readonly (number | null)[]>>
  /** Rules: open and acknowledged alerts, worst and newest first. */
  openAlerts(tenant: number, limit: number): Promise<readonly Alert[]>
  /** Rules: alerts of a device, newest first, of any state. */
  alerts(range: DeviceRange): Promise<readonly Alert[]>
  /** Connect: commands to a device. */
  commands(range: DeviceRange): Promise<Timeline['commands']>
  /** Connect: refused messages of the last hour. */
  refusedLastHour(tenant: number): Promise<number>
  /** Connect: messages a second, now. */
  perSecond(tenant: number): number
  /** Connect: counts since the process began; a sample takes the difference. */
  traffic(tenant: number): TrafficCount
  /** Actions: deliveries for alerts of a device. */
  deliveries(range: DeviceRange): Promise<Timeline['deliveries']>
  /** Actions: what settled since, and how. */
  deliveryStats(tenant: number, sinceMs: number): Promise<DeliveryStats>
}

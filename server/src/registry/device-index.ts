import type { AlertCounts, DeviceStatus, MetricValue, Severity } from '@pulse/contract'
import type { PipelineSql, TenantSql } from '#platform'
import { versionOrder } from './version-order.ts'

/** What has changed of a device. What is left out stays; null means: there is none now. */
export interface IndexPatch {
  readonly tenant: number
  readonly device: number
  readonly status?: DeviceStatus | undefined
  /** Epoch milliseconds. Goes only forward. */
  readonly lastMessageAt?: number | undefined
  readonly firmware?: string | undefined
  /** Open alerts by severity, all of them. */
  readonly alerts?: AlertCounts | undefined
  readonly worstAlert?: { readonly title: string; readonly severity: Severity } | null | undefined
  readonly reading?: { readonly metric: string; readonly value: MetricValue } | null | undefined
}

/**
 * `last_message_at` is indexed, so each change of it costs an entry in every index of the row.
 * A patch that changes nothing else moves it only by this much; lists show the exact time from
 * the heads.
 */
const LAST_MESSAGE_GRAIN_S = 30

/**
 * Keeps the device index current, in the transaction of the change, in one statement. A device
 * may be named several times: later patches win, field by field. Unknown devices are left out.
 */
export function patchIndex(
  sql: PipelineSql | TenantSql,
  patches: readonly IndexPatch[],
): Promise<unknown> {
  if (patches.length === 0) return Promise.resolve()
  const rows = JSON.stringify(mergeByDevice(patches).map(toRow))
  return (sql as PipelineSql)`
    with patch as (
      select * from json_to_recordset(${rows}::text::json) as r(
        tenant bigint, device bigint, status text, seen bigint, firmware text, "order" text,
        critical int, warning int, info int, "setWorst" boolean, "worstTitle" text,
        "worstSeverity" text, "setReading" boolean, metric text, value jsonb)
    )
    update registry.device_index i
       set status = coalesce(p.status, i.status),
           last_message_at = greatest(i.last_message_at, to_timestamp(p.seen / 1000.0)),
           firmware = coalesce(p.firmware, i.firmware),
           firmware_order = coalesce(p."order", i.firmware_order),
           critical = coalesce(p.critical, i.critical),
           warning = coalesce(p.warning, i.warning),
           info = coalesce(p.info, i.info),
           worst_title = case when p."setWorst" then p."worstTitle" else i.worst_title end,
           worst_severity = case when p."setWorst" then p."worstSeverity" else i.worst_severity end,
           reading_metric = case when p."setReading" then p.metric else i.reading_metric end,
           reading_value = case when p."setReading" then p.value else i.reading_value end
      from patch p
     where i.device = p.device and i.tenant = p.tenant
       and (p.status <> i.status
            or (p.firmware is not null and p.firmware is distinct from i.firmware)
            or p.critical is not null or p."setWorst" or p."setReading"
            or to_timestamp(p.seen / 1000.0)
               >= i.last_message_at + make_interval(secs => ${LAST_MESSAGE_GRAIN_S}))`.execute()
}

function mergeByDevice(patches: readonly IndexPatch[]): IndexPatch[] {
  const merged = new Map<string, IndexPatch>()
  for (const patch of patches) {
    const key = `${patch.tenant}/${patch.device}`
    const given = Object.entries(patch).filter(([, value]) => value !== undefined)
    merged.set(key, { ...patch, ...merged.get(key), ...Object.fromEntries(given) })
  }
  return [...merged.values()]
}

const toRow = (patch: IndexPatch) => ({
  tenant: patch.tenant,
  device: patch.device,
  status: patch.status,
  seen: patch.lastMessageAt === undefined ? undefined : Math.floor(patch.lastMessageAt),
  firmware: patch.firmware,
  order: patch.firmware === undefined ? undefined : versionOrder(patch.firmware),
  ...patch.alerts,
  setWorst: patch.worstAlert !== undefined,
  worstTitle: patch.worstAlert?.title,
  worstSeverity: patch.worstAlert?.severity,
  setReading: patch.reading !== undefined,
  metric: patch.reading?.metric,
  value: patch.reading?.value,
})

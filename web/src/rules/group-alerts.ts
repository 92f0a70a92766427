import type { Alert } from '@pulse/contract'

/** Alerts of one site. */
export interface AlertGroup {
  readonly site: string | null
  /** When the first of them opened, epoch milliseconds. */
  readonly since: number
  readonly alerts: readonly Alert[]
}

const RANK = { critical: 2, warning: 1, info: 0 } as const

/** Groups by site; worst and newest first, within a group and among groups. */
export function groupBySite(alerts: readonly Alert[]): AlertGroup[] {
  const groups = Map.groupBy(alerts.toSorted(worstFirst), (alert) => alert.site)
  return [...groups].map(([site, own]) => ({
    site,
    since: Math.min(...own.map((alert) => Date.parse(alert.openedAt))),
    alerts: own,
  }))
}

/** Orders alerts: critical before warning before info, then the newest first. */
export function worstFirst(a: Alert, b: Alert): number {
  return RANK[b.severity] - RANK[a.severity] || Date.parse(b.openedAt) - Date.parse(a.openedAt)
}

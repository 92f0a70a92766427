import type { DeviceStatus, Overview, Site, SiteSummary } from '@pulse/contract'
import { inTenant } from '#platform'
import type { SiteStatusCount } from '#registry'
import { readChanges } from './changes.ts'
import type { FleetDeps } from './fleet.ts'
import { selectHistory } from './history-rows.ts'

const HOUR_MS = 3_600_000
const OPEN_ALERTS = 20

/** Gathers everything that the overview shows of the last `hours`. */
export async function readOverview(
  deps: FleetDeps,
  tenant: number,
  hours: number,
): Promise<Overview> {
  const { app, clock, registry, sources } = deps
  const toMs = clock.now()
  const range = { fromMs: toMs - hours * HOUR_MS, toMs }
  const [counts, sites, members, now, refusedLastHour, deliveries] = await Promise.all([
    registry.search.siteStatus(tenant),
    registry.devices.sites(tenant),
    registry.people.members(tenant),
    sources.openAlerts(tenant, OPEN_ALERTS),
    sources.refusedLastHour(tenant),
    sources.deliveryStats(tenant, range.fromMs),
  ])
  const names = new Map(members.map(({ person, name }) => [person, name]))
  const [history, changes] = await inTenant(app, tenant, (sql) =>
    Promise.all([selectHistory(sql, range), readChanges(sql, range.fromMs, names)]),
  )
  const { alerts, ...devices } = summary(counts)
  return {
    devices: { total: counts.reduce((sum, { count }) => sum + count, 0), ...devices },
    alerts,
    messages: { perSecond: sources.perSecond(tenant), refusedLastHour },
    deliveries,
    history,
    sites: sites.map((site) => siteSummary(site, counts)),
    now: [...now],
    changes,
  }
}

const siteSummary = (site: Site, counts: readonly SiteStatusCount[]): SiteSummary => ({
  ...site,
  ...summary(counts.filter((each) => each.site === site.key)),
})

/** Devices per status, and open alerts, of some counts. */
function summary(counts: readonly SiteStatusCount[]) {
  const statuses: Record<DeviceStatus, number> = {
    online: 0,
    stale: 0,
    offline: 0,
    never: 0,
    maintenance: 0,
  }
  const alerts = { critical: 0, warning: 0, info: 0 }
  for (const each of counts) {
    statuses[each.status] += each.count
    alerts.critical += each.alerts.critical
    alerts.warning += each.alerts.warning
    alerts.info += each.alerts.info
  }
  return { ...statuses, alerts }
}

import type { AlertCounts, DeviceStatus, Facets } from '@pulse/contract'
import type postgres from 'postgres'
import type { PipelineSql, TenantSql } from '#platform'

interface FacetRow {
  readonly facet: keyof Facets
  readonly value: string
  readonly label: string
  readonly count: number
}

/** Values of firmware that are shown, the most frequent ones. */
const MAX_VALUES = 50

/** Counts what matches `where`, per value of each field, in one pass over it. */
export async function selectFacets(sql: TenantSql, where: postgres.Fragment): Promise<Facets> {
  const rows = await sql<FacetRow[]>`
    with found as (
      select i.status, i.type, i.site, i.firmware,
             i.critical > 0 as critical, i.warning > 0 as warning, i.info > 0 as info
        from registry.device_index i where ${where}
    ), counted as (
      select grouping(status, type, site, firmware) as what, status, type, site, firmware,
             count(*) as n, count(*) filter (where critical) as critical,
             count(*) filter (where warning) as warning, count(*) filter (where info) as info,
             count(*) filter (where not (critical or warning or info)) as quiet
        from found group by grouping sets ((status), (type), (site), (firmware), ())
    )
    select 'status' as facet, status as value, status as label, n as count from counted where what = 7
    union all
    select 'type', c.type, coalesce(y.name, c.type), n
      from counted c left join registry.device_type y on y.key = c.type where what = 11
    union all
    select 'site', c.site, coalesce(s.name, c.site), n
      from counted c left join registry.site s on s.key = c.site where what = 13 and c.site is not null
    union all
    (select 'firmware', firmware, firmware, n
       from counted where what = 14 and firmware is not null order by n desc limit ${MAX_VALUES})
    union all
    select 'alerts', a.value, a.value, a.n
      from counted c, lateral (values ('critical', c.critical), ('warning', c.warning),
                                      ('info', c.info), ('none', c.quiet)) as a(value, n)
     where what = 15`
  const of = (facet: keyof Facets) =>
    rows
      .filter((row) => row.facet === facet && row.count > 0)
      .map(({ value, label, count }) => ({ value, label, count }))
      .sort((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1))
  return {
    status: of('status'),
    alerts: of('alerts'),
    type: of('type'),
    site: of('site'),
    firmware: of('firmware'),
  }
}

/** Devices of one site (null: of none) in one status, with their open alerts. */
export interface SiteStatusCount {
  readonly site: string | null
  readonly status: DeviceStatus
  readonly count: number
  readonly alerts: AlertCounts
}

/** Counts the whole tenant by site and status. */
export async function selectSiteStatus(sql: TenantSql): Promise<SiteStatusCount[]> {
  const rows = await sql<(Omit<SiteStatusCount, 'alerts'> & AlertCounts)[]>`
    select site, status, count(*) as count, sum(critical) as critical, sum(warning) as warning,
           sum(info) as info
      from registry.device_index group by site, status`
  return rows.map(({ site, status, count, critical, warning, info }) => ({
    site,
    status,
    count,
    alerts: { critical: Number(critical), warning: Number(warning), info: Number(info) },
  }))
}

/** One tenant in figures. */
export interface TenantCount {
  readonly tenant: number
  readonly online: number
  readonly total: number
  /** Open alerts of any severity. */
  readonly alerts: number
}

/** Counts every tenant that has devices. */
export const selectTenantCounts = (sql: PipelineSql) => sql<TenantCount[]>`
  select tenant, count(*) filter (where status = 'online') as online, count(*) as total,
         coalesce(sum(critical + warning + info), 0) as alerts
    from registry.device_index group by tenant`

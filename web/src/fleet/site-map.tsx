import type { SiteSummary } from '@pulse/contract'
import { Link } from '@tanstack/react-router'
import { formatCount } from '../ui/format.ts'
import { project } from './albers.ts'
import { Donut, siteQuery, siteTotal } from './donut.tsx'
import classes from './overview.module.css'
import { borders, land, mapBox } from './us-map.ts'

/** Sites as donuts of status on the 48 states; those elsewhere are listed below. */
export function SiteMap({ sites }: { readonly sites: readonly SiteSummary[] }) {
  const placed = sites.map((site) => ({ site, at: place(site) }))
  // The small ones are drawn last, so that a large neighbour does not cover them.
  const onMap = placed.toSorted((a, b) => siteTotal(b.site) - siteTotal(a.site))
  const elsewhere = placed.filter(({ at }) => !at)
  return (
    <div className={classes.map}>
      <svg className={classes.canvas} viewBox={mapBox}>
        <title>Map of the sites</title>
        <path className={classes.land} d={land} />
        <path className={classes.borders} d={borders} />
        {onMap.map(({ site, at }) => at && <Donut key={site.key} site={site} x={at.x} y={at.y} />)}
      </svg>
      {elsewhere.length > 0 && (
        <SiteList title="Not on the map" sites={elsewhere.map(({ site }) => site)} />
      )}
      <SiteList title="All sites" sites={sites} className={classes.onlyNarrow} />
    </div>
  )
}

interface SiteListProps {
  readonly title: string
  readonly sites: readonly SiteSummary[]
  readonly className?: string | undefined
}

function SiteList({ title, sites, className = '' }: SiteListProps) {
  return (
    <div className={`${classes.elsewhere} ${className}`}>
      <span className="muted">{title}</span>
      {sites.map((site) => (
        <Link key={site.key} to="/devices" search={siteQuery(site)}>
          {site.name} <span className="muted">{formatCount(siteTotal(site))}</span>
        </Link>
      ))}
    </div>
  )
}

function place(site: SiteSummary) {
  return site.lat === null || site.lon === null ? undefined : project(site.lat, site.lon)
}

import type { SiteSummary } from '@pulse/contract'
import { Link } from '@tanstack/react-router'
import { quoteValue } from '../registry/query-text.ts'
import { formatCount, plural } from '../ui/format.ts'
import classes from './overview.module.css'

const parts = ['online', 'maintenance', 'stale', 'offline', 'never'] as const

export const siteTotal = (site: SiteSummary): number =>
  parts.reduce((sum, part) => sum + site[part], 0)

const worstOf = ({ alerts }: SiteSummary) =>
  (['critical', 'warning', 'info'] as const).find((severity) => alerts[severity] > 0)

/** The fleet query of a site, as search parameters of the devices page. */
export const siteQuery = (site: SiteSummary) => ({ q: `site:${quoteValue(site.key)}` })

/** A site in words, for who does not see the donut. */
export function describeSite(site: SiteSummary): string {
  const counts = parts.filter((part) => site[part] > 0).map((part) => `${site[part]} ${part}`)
  const worst = worstOf(site)
  const alerts = worst ? `, worst alert ${worst}` : ''
  return `${site.name}: ${plural(siteTotal(site), 'device')}, ${counts.join(', ')}${alerts}`
}

interface DonutProps {
  readonly site: SiteSummary
  readonly x: number
  readonly y: number
}

/**
 * Share of each status as a ring, the total inside, a second ring for the worst open alert; all of
 * it leads to the site's devices.
 */
export function Donut({ site, x, y }: DonutProps) {
  const total = siteTotal(site)
  const radius = Math.min(42, 22 + Math.sqrt(total) * 0.6)
  const worst = worstOf(site)
  // The words stand beside the link, whose name says them already and more.
  return (
    <g className={classes.donut} transform={`translate(${x.toFixed(1)} ${y.toFixed(1)})`}>
      <Link to="/devices" search={siteQuery(site)} aria-label={describeSite(site)}>
        <title>{describeSite(site)}</title>
        <circle className={classes.hole} r={radius} />
        <Parts site={site} total={total} radius={radius} />
        {worst && <circle className={classes.ring} r={radius + 7} stroke={`var(--${worst})`} />}
      </Link>
      <text y="6">{formatCount(total)}</text>
      <text className={classes.place} y={radius + 26}>
        {site.name}
      </text>
    </g>
  )
}

interface PartsProps {
  readonly site: SiteSummary
  readonly total: number
  readonly radius: number
}

function Parts({ site, total, radius }: PartsProps) {
  const around = 2 * Math.PI * radius
  let before = 0
  return parts.map((part) => {
    const length = total === 0 ? 0 : (around * site[part]) / total
    const offset = before
    before += length
    return length === 0 ? null : (
      <circle
        key={part}
        r={radius}
        fill="none"
        stroke={`var(--${part})`}
        strokeWidth="6"
        strokeDasharray={`${Math.max(1, length - 1)} ${around}`}
        strokeDashoffset={-offset}
        transform="rotate(-90)"
      />
    )
  })
}

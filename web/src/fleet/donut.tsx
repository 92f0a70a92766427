import type { SiteSummary } from '@pulse/contract'
import { formatCount, plural } from '../ui/format.ts'
import classes from './overview.module.css'

const parts = ['online', 'maintenance', 'stale', 'offline', 'never'] as const

export const siteTotal = (site: SiteSummary): number =>
  parts.reduce((sum, part) => sum + site[part], 0)

const worstOf = ({ alerts }: SiteSummary) =>
  (['critical', 'warning', 'info'] as const).find((severity) => alerts[severity] > 0)

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

/** Share of each status as a ring, the total inside, a second ring for the worst open alert. */
export function Donut({ site, x, y }: DonutProps) {
  const total = siteTotal(site)
  const radius = Math.min(42, 22 + Math.sqrt(total) * 0.6)
  const around = 2 * Math.PI * radius
  const worst = worstOf(site)
  let before = 0
  return (
    <g transform={`translate(${x.toFixed(1)} ${y.toFixed(1)})`}>
      <title>{describeSite(site)}</title>
      <circle className={classes.hole} r={radius} />
      {parts.map((part) => {
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
      })}
      {worst && <circle className={classes.ring} r={radius + 7} stroke={`var(--${worst})`} />}
      <text y="6">{formatCount(total)}</text>
      <text className={classes.place} y={radius + 26}>
        {site.name}
      </text>
    </g>
  )
}

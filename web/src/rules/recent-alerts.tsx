import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { formatDuration, formatExact, formatMoment } from '../ui/format.ts'
import { Panel } from '../ui/panel.tsx'
import { EmptyState } from '../ui/states.tsx'
import { SeverityBadge } from '../ui/status.tsx'
import { alertsQuery } from './queries.ts'
import classes from './why-open.module.css'

const SHOWN = 6

/** What was wrong with a device before, while nothing is. */
export function RecentAlerts({ device }: { readonly device: string }) {
  const { data, isPending } = useQuery(alertsQuery({ state: 'all', device }))
  const alerts = (data?.items ?? []).slice(0, SHOWN)
  return (
    <Panel
      title="No alert is open"
      meta={alerts.length > 0 ? 'the last ones' : undefined}
      actions={
        <Link to="/devices/$key" params={{ key: device }} search={{ tab: 'alerts' }}>
          All alerts
        </Link>
      }
    >
      {alerts.length === 0 && !isPending && (
        <EmptyState title="Nothing was wrong so far">
          When a rule’s condition holds for this device, its alert and the reason appear here.
        </EmptyState>
      )}
      <ul className={classes.recent}>
        {alerts.map((alert) => (
          <li key={alert.id}>
            <SeverityBadge severity={alert.severity}>{null}</SeverityBadge>
            <Link to="/alerts/$id" params={{ id: alert.id }}>
              {alert.title}
            </Link>
            <span className="muted">
              <time dateTime={alert.openedAt} title={formatExact(alert.openedAt)}>
                {formatMoment(alert.openedAt)}
              </time>
              {alert.clearedAt &&
                `, for ${formatDuration(Date.parse(alert.clearedAt) - Date.parse(alert.openedAt))}`}
            </span>
          </li>
        ))}
      </ul>
    </Panel>
  )
}

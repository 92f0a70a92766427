import type { Alert, Site } from '@pulse/contract'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useMemo } from 'react'
import { typesQuery } from '../registry/queries.ts'
import { unitOf } from '../stream/metric-lines.ts'
import { type Column, DataTable, type TableSource } from '../ui/data-table.tsx'
import { formatClock, formatMoment, formatValue, plural } from '../ui/format.ts'
import { EmptyState } from '../ui/states.tsx'
import { SeverityBadge } from '../ui/status.tsx'
import { TimeAgo } from '../ui/time-ago.tsx'
import classes from './alert.module.css'
import { type AlertGroup, groupBySite } from './group-alerts.ts'

interface AlertListProps {
  readonly alerts: readonly Alert[]
  readonly sites: ReadonlyMap<string, Site> | undefined
  readonly source: TableSource
  readonly selected: string | undefined
  readonly onSelect: (alert: Alert) => void
  /** What the list shows, for the words when it is empty. */
  readonly state: string
}

const columns: readonly Column<Alert>[] = [
  {
    key: 'severity',
    title: 'Severity',
    width: '78px',
    cell: (alert) => <SeverityBadge severity={alert.severity}>{null}</SeverityBadge>,
  },
  {
    key: 'device',
    title: 'Device',
    cell: (alert) => (
      <Link to="/devices/$key" params={{ key: alert.device }} className={classes.deviceLink}>
        {alert.deviceName}
        <span className={classes.titleBelow}>
          {alert.title} <AlertValue alert={alert} />
        </span>
      </Link>
    ),
  },
  {
    key: 'reason',
    title: 'Alert',
    width: '38%',
    hideBelow: 640,
    cell: (alert) => (
      <span className={classes.reasonCell}>
        {alert.title} <AlertValue alert={alert} />
        {alert.state === 'acknowledged' && (
          <span className="muted"> · {alert.acknowledgedBy ?? 'acknowledged'}</span>
        )}
      </span>
    ),
  },
  {
    key: 'age',
    title: 'Age',
    width: '100px',
    end: true,
    cell: (alert) => (
      <TimeAgo at={alert.clearedAt ?? alert.openedAt} className={classes.reasonCell ?? ''} />
    ),
  },
]

/** The value that opened it, as far as one number says it. */
function AlertValue({ alert }: { readonly alert: Alert }) {
  const { data: types } = useQuery(typesQuery())
  const [name, value] = Object.entries(alert.values)[0] ?? []
  if (name === undefined || typeof value !== 'number') return null
  return (
    <span className="muted">
      {formatValue(value)} {unitOf(types, name)}
    </span>
  )
}

/** Alerts grouped by site, the worst site first. */
export function AlertList(props: AlertListProps) {
  const { alerts, sites, source, selected, onSelect, state } = props
  const groups = useMemo(() => groupBySite(alerts), [alerts])
  const rows = useMemo(() => groups.flatMap((group) => group.alerts), [groups])
  const byKey = useMemo(() => new Map(groups.map((group) => [group.site, group])), [groups])
  return (
    <DataTable
      label="Alerts"
      columns={columns}
      rows={rows}
      rowKey={(alert) => alert.id}
      source={source}
      selected={selected}
      onSelect={onSelect}
      hotkeys={false}
      groupOf={(alert) => ({
        key: alert.site ?? '',
        title: <GroupTitle group={byKey.get(alert.site)} sites={sites} />,
      })}
      empty={<NoAlerts state={state} />}
    />
  )
}

interface GroupTitleProps {
  readonly group: AlertGroup | undefined
  readonly sites: ReadonlyMap<string, Site> | undefined
}

function GroupTitle({ group, sites }: GroupTitleProps) {
  if (!group) return null
  const name = group.site === null ? 'No site' : (sites?.get(group.site)?.name ?? group.site)
  const today = new Date(group.since).toDateString() === new Date().toDateString()
  const since = today ? formatClock(group.since, false) : formatMoment(group.since)
  return (
    <span className={classes.group}>
      {name}
      <span>
        {plural(group.alerts.length, 'alert')} · since {since}
      </span>
    </span>
  )
}

function NoAlerts({ state }: { readonly state: string }) {
  if (state !== 'open' && state !== 'active') {
    return <EmptyState title="No alerts here">Nothing matches this choice.</EmptyState>
  }
  return (
    <EmptyState
      title="Nothing is wrong"
      action={
        <Link to="/alerts" search={{ state: 'cleared' }}>
          See what has cleared
        </Link>
      }
    >
      An alert opens here when a rule’s condition holds for a device, and leaves when it clears.
    </EmptyState>
  )
}

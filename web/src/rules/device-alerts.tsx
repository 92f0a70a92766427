import type { Alert } from '@pulse/contract'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useMemo } from 'react'
import { useDeviceType } from '../state/use-device-type.ts'
import { unitsOf } from '../stream/metric-lines.ts'
import { type Column, DataTable } from '../ui/data-table.tsx'
import { formatDuration, formatExact, formatMoment } from '../ui/format.ts'
import { Panel } from '../ui/panel.tsx'
import { EmptyState } from '../ui/states.tsx'
import { SeverityBadge } from '../ui/status.tsx'
import { alertsQuery } from './queries.ts'
import { reasonWords, type UnitOf } from './reason-words.ts'

const columnsFor = (unitOf: UnitOf): readonly Column<Alert>[] => [
  {
    key: 'severity',
    title: 'Severity',
    width: '110px',
    cell: (alert) => <SeverityBadge severity={alert.severity} />,
  },
  {
    key: 'title',
    title: 'Alert',
    cell: (alert) => (
      <Link to="/alerts/$id" params={{ id: alert.id }}>
        {alert.title}
      </Link>
    ),
  },
  {
    key: 'reason',
    title: 'Why',
    hideBelow: 900,
    cell: (alert) => reasonWords(alert.reason, alert.openedAt, unitOf),
  },
  { key: 'state', title: 'State', width: '120px', cell: (alert) => alert.state },
  {
    key: 'opened',
    title: 'Opened',
    width: '130px',
    cell: (alert) => (
      <time dateTime={alert.openedAt} title={formatExact(alert.openedAt)}>
        {formatMoment(alert.openedAt)}
      </time>
    ),
  },
  {
    key: 'lasted',
    title: 'Lasted',
    width: '110px',
    end: true,
    hideBelow: 640,
    cell: (alert) =>
      alert.clearedAt === null
        ? 'still open'
        : formatDuration(Date.parse(alert.clearedAt) - Date.parse(alert.openedAt)),
  },
]

/** Every alert that a device has had. */
export function DeviceAlerts({ device }: { readonly device: string }) {
  const query = useQuery(alertsQuery({ state: 'all', device }))
  const navigate = useNavigate()
  const type = useDeviceType(device)
  const columns = useMemo(() => columnsFor(unitsOf(type)), [type])
  return (
    <Panel label="Alerts of the device">
      <DataTable
        label="Alerts of the device"
        columns={columns}
        rows={query.data?.items ?? []}
        rowKey={(alert) => alert.id}
        source={query}
        onOpen={(alert) => void navigate({ to: '/alerts/$id', params: { id: alert.id } })}
        empty={
          <EmptyState title="No alert yet">
            Rules that watch this device have found nothing wrong so far.
          </EmptyState>
        }
      />
    </Panel>
  )
}

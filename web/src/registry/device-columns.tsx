import type { DeviceRow, DeviceType, Site } from '@pulse/contract'
import { Link } from '@tanstack/react-router'
import type { Column } from '../ui/data-table.tsx'
import { formatValue } from '../ui/format.ts'
import { Sparkline } from '../ui/sparkline.tsx'
import { SeverityBadge, StatusDot, statusWord } from '../ui/status.tsx'
import { TimeAgo } from '../ui/time-ago.tsx'
import classes from './devices.module.css'

/** What the cells of a row need beside the row. */
export interface DeviceContext {
  readonly types: ReadonlyMap<string, DeviceType> | undefined
  readonly sites: ReadonlyMap<string, Site> | undefined
  readonly sparks: ReadonlyMap<string, readonly (number | null)[]>
}

/** A column that also knows its text for the export. */
export interface DeviceColumn extends Column<DeviceRow> {
  readonly text: (row: DeviceRow) => string
}

const readingOf = (row: DeviceRow, types: DeviceContext['types']): string => {
  if (!row.reading) return ''
  const { metric, value } = row.reading
  const unit = types?.get(row.type)?.metrics.find((each) => each.name === metric)?.unit
  return unit ? `${formatValue(value)} ${unit}` : formatValue(value)
}

/** Every column that the devices table can show, in order. */
export const deviceColumns = (context: DeviceContext): readonly DeviceColumn[] => [
  ...identityColumns(context),
  ...readingColumns(context),
  ...recordColumns(context),
]

function identityColumns({ types }: DeviceContext): readonly DeviceColumn[] {
  const typeName = (row: DeviceRow) => types?.get(row.type)?.name ?? row.type
  return [
    {
      key: 'device',
      title: 'Device',
      grow: true,
      sort: { up: 'key', down: '-key' },
      text: (row) => row.key,
      cell: (row) => <DeviceName row={row} type={typeName(row)} />,
    },
    {
      key: 'status',
      width: '112px',
      title: 'Status',
      text: (row) => statusWord(row.status),
      cell: (row) => <StatusDot status={row.status} />,
    },
    {
      key: 'alerts',
      width: '130px',
      title: 'Alerts',
      sort: { up: 'alerts' },
      text: (row) => row.worstAlert?.title ?? '',
      cell: (row) => <DeviceAlerts row={row} />,
    },
  ]
}

function readingColumns({ types, sparks }: DeviceContext): readonly DeviceColumn[] {
  return [
    {
      key: 'lastMessage',
      width: '104px',
      title: 'Last message',
      sort: { up: 'lastMessage', down: '-lastMessage' },
      hideBelow: 640,
      text: (row) => row.lastMessageAt ?? '',
      cell: (row) => <TimeAgo at={row.lastMessageAt} />,
    },
    {
      key: 'reading',
      width: '88px',
      title: 'Reading',
      end: true,
      hideBelow: 640,
      text: (row) => readingOf(row, types),
      cell: (row) => readingOf(row, types) || <span className="muted">—</span>,
    },
    {
      key: 'lastHour',
      title: 'Last hour',
      hideBelow: 640,
      width: '106px',
      text: () => '',
      cell: (row) => <LastHour row={row} values={sparks.get(row.key)} />,
    },
  ]
}

function recordColumns({ sites }: DeviceContext): readonly DeviceColumn[] {
  const siteName = (row: DeviceRow) => (row.site ? (sites?.get(row.site)?.name ?? row.site) : '')
  return [
    {
      key: 'firmware',
      width: '84px',
      title: 'Firmware',
      hideBelow: 900,
      text: (row) => row.firmware ?? '',
      cell: (row) => <span className="mono">{row.firmware ?? '—'}</span>,
    },
    {
      key: 'site',
      title: 'Site',
      hideBelow: 900,
      text: siteName,
      cell: siteName,
    },
    {
      key: 'tags',
      title: 'Tags',
      hideBelow: 900,
      text: tagText,
      cell: (row) => <span className="mono">{tagText(row)}</span>,
    },
  ]
}

const tagText = (row: DeviceRow) =>
  Object.entries(row.tags)
    .map(([name, value]) => `${name}:${value}`)
    .join(' ')

function DeviceName({ row, type }: { readonly row: DeviceRow; readonly type: string }) {
  const name = row.name === row.key ? '' : ` · ${row.name}`
  return (
    <span className={classes.device} title={`${row.key} ${type}${name}`}>
      <Link to="/devices/$key" params={{ key: row.key }} search={{}}>
        {row.key}
      </Link>
      <span className={classes.what}>
        {' '}
        {type}
        {name}
      </span>
    </span>
  )
}

function DeviceAlerts({ row }: { readonly row: DeviceRow }) {
  const { critical, warning, info } = row.alerts
  const more = critical + warning + info - 1
  if (!row.worstAlert) return null
  return (
    <Link to="/alerts" search={{ device: row.key }}>
      <SeverityBadge severity={row.worstAlert.severity}>{row.worstAlert.title}</SeverityBadge>
      {more > 0 && <span className="muted"> +{more}</span>}
    </Link>
  )
}

interface LastHourProps {
  readonly row: DeviceRow
  readonly values: readonly (number | null)[] | undefined
}

function LastHour({ row, values }: LastHourProps) {
  if (!values) return null
  if (values.every((value) => value === null)) return <span className="muted">no data</span>
  const color = row.worstAlert?.severity === 'critical' ? 'var(--critical)' : 'var(--ink-3)'
  return <Sparkline values={values} width={86} color={color} />
}

import type { OperatorTenant } from '@pulse/contract'
import { Link, useNavigate } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { type Column, DataTable, type TableSource } from '../ui/data-table.tsx'
import { formatCount } from '../ui/format.ts'
import { Sparkline } from '../ui/sparkline.tsx'
import classes from './operator.module.css'
import { TenantState } from './tenant-state.tsx'
import { formatAbout, formatRate, formatShare, onlineShare } from './words.ts'

interface TenantTableProps {
  readonly tenants: readonly OperatorTenant[]
  readonly source: TableSource
  readonly sort: string
  readonly onSort: (sort: string) => void
  readonly selected: string | undefined
  readonly onSelect: (tenant: OperatorTenant) => void
  readonly empty: ReactNode
}

/** Tenants with size, rate and health. */
export function TenantTable(props: TenantTableProps) {
  const navigate = useNavigate()
  return (
    <DataTable
      label="Tenants"
      columns={columns}
      rows={props.tenants}
      rowKey={({ key }) => key}
      source={props.source}
      sort={props.sort}
      onSort={props.onSort}
      selected={props.selected}
      onSelect={props.onSelect}
      onOpen={({ key }) => void navigate({ to: '/operator/tenants/$key', params: { key } })}
      empty={props.empty}
    />
  )
}

const sorts = (key: string) => ({ up: key, down: `-${key}` })
const falls = (key: string) => ({ up: `-${key}`, down: key })

/** A count that is bad news when it is not zero. */
const bad = (count: number) => (
  <span className={count === 0 ? classes.zero : classes.bad}>{formatCount(count)}</span>
)

const columns: readonly Column<OperatorTenant>[] = [
  {
    key: 'name',
    title: 'Tenant',
    grow: true,
    sort: sorts('name'),
    cell: ({ key, name }) => (
      <Link
        to="/operator/tenants/$key"
        params={{ key }}
        className={classes.tenant}
        title={`${name}, ${key}`}
      >
        {name}
      </Link>
    ),
  },
  {
    key: 'state',
    title: 'State',
    width: '150px',
    sort: sorts('state'),
    cell: (tenant) => <TenantState tenant={tenant} />,
  },
  {
    key: 'devices',
    title: 'Devices',
    width: '84px',
    end: true,
    sort: falls('devices'),
    cell: ({ devices }) => formatCount(devices),
  },
  {
    key: 'online',
    title: 'Online',
    width: '76px',
    end: true,
    sort: sorts('online'),
    hideBelow: 640,
    cell: (tenant) => <Online tenant={tenant} />,
  },
  {
    key: 'alerts',
    title: 'Alerts',
    width: '76px',
    end: true,
    sort: falls('alerts'),
    hideBelow: 640,
    cell: ({ openAlerts }) => bad(openAlerts),
  },
  {
    key: 'rate',
    title: 'Msg/s',
    width: '76px',
    end: true,
    sort: falls('rate'),
    hideBelow: 640,
    cell: ({ messagesPerSecond }) => formatRate(messagesPerSecond),
  },
  {
    key: 'day',
    title: '24 h',
    width: '108px',
    hideBelow: 900,
    cell: ({ messagesByHour }) => <Sparkline values={messagesByHour} width={84} fromZero />,
  },
  {
    key: 'stored',
    title: 'Stored',
    width: '80px',
    end: true,
    sort: falls('stored'),
    hideBelow: 900,
    cell: ({ storedMessages }) => (
      <span title={formatCount(storedMessages)}>{formatAbout(storedMessages)}</span>
    ),
  },
  {
    key: 'dead',
    title: 'Dead letters',
    width: '100px',
    end: true,
    sort: falls('dead'),
    hideBelow: 900,
    cell: ({ deadLetters }) => bad(deadLetters),
  },
  {
    key: 'refused',
    title: 'Refused/h',
    width: '96px',
    end: true,
    sort: falls('refused'),
    hideBelow: 900,
    cell: ({ rejectionsLastHour }) => bad(rejectionsLastHour),
  },
  {
    key: 'region',
    title: 'Region, cell',
    width: '136px',
    sort: sorts('region'),
    hideBelow: 900,
    cell: ({ region, cell }) => (
      <>
        {region} <span className="muted">{cell}</span>
      </>
    ),
  },
]

const LOW = 0.9

function Online({ tenant }: { readonly tenant: OperatorTenant }) {
  const share = onlineShare(tenant)
  return (
    <span
      className={share === undefined ? classes.zero : share < LOW ? classes.bad : undefined}
      title={`${formatCount(tenant.online)} of ${formatCount(tenant.devices)}`}
    >
      {formatShare(share)}
    </span>
  )
}

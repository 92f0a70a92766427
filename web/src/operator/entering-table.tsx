import { Button } from '@mantine/core'
import type { Entering } from '@pulse/contract'
import { Link } from '@tanstack/react-router'
import { type ReactNode, useMemo } from 'react'
import { whenEnds } from '../access/words.ts'
import { type Column, DataTable, type TableSource } from '../ui/data-table.tsx'
import { formatDuration, formatExact, formatMoment } from '../ui/format.ts'
import { useNow } from '../ui/now.ts'
import { StatusDot } from '../ui/status.tsx'
import classes from './operator.module.css'

/** Whether an entering goes on. */
export const isOpen = ({ endedAt, until }: Entering, now: number): boolean =>
  endedAt === null && Date.parse(until) > now

interface EnteringTableProps {
  readonly enterings: readonly Entering[]
  readonly source: TableSource
  /** Names of tenants by key; left out where all are of one tenant. */
  readonly tenantNames?: ReadonlyMap<string, string> | undefined
  /** Left out where one may only look. */
  readonly onEnd?: ((entering: Entering) => void) | undefined
  readonly empty: ReactNode
  readonly selected?: string | undefined
  readonly onSelect?: (entering: Entering) => void
}

/** Enterings of operators: who, why, when, and whether they go on. */
export function EnteringTable(props: EnteringTableProps) {
  const { enterings, source, tenantNames, onEnd, empty, selected, onSelect } = props
  const columns = useMemo(() => columnsOf(tenantNames, onEnd), [tenantNames, onEnd])
  return (
    <DataTable
      label="Enterings"
      columns={columns}
      rows={enterings}
      rowKey={({ id }) => id}
      source={source}
      empty={empty}
      {...(onSelect ? { selected, onSelect } : {})}
    />
  )
}

const columnsOf = (
  tenantNames: ReadonlyMap<string, string> | undefined,
  onEnd: ((entering: Entering) => void) | undefined,
): readonly Column<Entering>[] => [
  {
    key: 'who',
    title: 'Who',
    width: '170px',
    cell: ({ personName }) => <span className={classes.tenant}>{personName}</span>,
  },
  ...(tenantNames ? [tenantColumn(tenantNames)] : []),
  {
    key: 'why',
    title: 'Why',
    grow: true,
    cell: ({ reason }) => (
      <span className={classes.clip} title={reason}>
        {reason}
      </span>
    ),
  },
  { key: 'role', title: 'As', width: '100px', hideBelow: 640, cell: ({ role }) => role },
  {
    key: 'when',
    title: 'Began',
    width: '120px',
    hideBelow: 640,
    cell: ({ beganAt }) => (
      <time dateTime={beganAt} title={formatExact(beganAt)}>
        {formatMoment(beganAt)}
      </time>
    ),
  },
  {
    key: 'state',
    title: 'State',
    width: '180px',
    cell: (entering) => <State entering={entering} />,
  },
  ...(onEnd ? [endColumn(onEnd)] : []),
]

const tenantColumn = (names: ReadonlyMap<string, string>): Column<Entering> => ({
  key: 'tenant',
  title: 'Tenant',
  width: '190px',
  cell: ({ tenant }) => (
    <Link to="/operator/tenants/$key" params={{ key: tenant }}>
      {names.get(tenant) ?? tenant}
    </Link>
  ),
})

function State({ entering }: { readonly entering: Entering }) {
  const now = useNow()
  const { beganAt, until, endedAt } = entering
  if (isOpen(entering, now)) {
    return <StatusDot status="online">Inside, ends {whenEnds(until, now)}</StatusDot>
  }
  const end = endedAt ?? until
  const stayed = formatDuration(Date.parse(end) - Date.parse(beganAt))
  return (
    <span className="muted" title={formatExact(end)}>
      {endedAt === null ? `Time was over after ${stayed}` : `Left after ${stayed}`}
    </span>
  )
}

const endColumn = (onEnd: (entering: Entering) => void): Column<Entering> => ({
  key: 'end',
  title: 'Action',
  end: true,
  width: '90px',
  cell: (entering) => <EndButton entering={entering} onEnd={onEnd} />,
})

interface EndButtonProps {
  readonly entering: Entering
  readonly onEnd: (entering: Entering) => void
}

function EndButton({ entering, onEnd }: EndButtonProps) {
  if (!isOpen(entering, useNow())) return null
  return (
    <Button
      size="compact-xs"
      aria-label={`End the entering of ${entering.personName} into ${entering.tenant}`}
      onClick={() => onEnd(entering)}
    >
      End
    </Button>
  )
}

import { Button } from '@mantine/core'
import type { OperatorFacts } from '@pulse/contract'
import { useMemo } from 'react'
import { Chip } from '../ui/chip.tsx'
import { type Column, DataTable, type TableSource } from '../ui/data-table.tsx'
import { EmptyState } from '../ui/states.tsx'
import { StatusDot } from '../ui/status.tsx'
import classes from './operator.module.css'

interface OperatorsTableProps {
  readonly operators: readonly OperatorFacts[]
  readonly source: TableSource
  readonly onEnd: (operator: OperatorFacts) => void
}

/** Who runs the platform. */
export function OperatorsTable({ operators, source, onEnd }: OperatorsTableProps) {
  const columns = useMemo(() => [...baseColumns, endColumn(onEnd)], [onEnd])
  return (
    <DataTable
      label="Operators"
      columns={columns}
      rows={operators}
      rowKey={({ person }) => person}
      source={source}
      empty={<EmptyState title="No operator">There is always one at least.</EmptyState>}
    />
  )
}

const baseColumns: readonly Column<OperatorFacts>[] = [
  {
    key: 'name',
    title: 'Name',
    grow: true,
    cell: ({ name, self }) => (
      <>
        <span className={classes.tenant}>{name}</span> {self && <Chip>you</Chip>}
      </>
    ),
  },
  { key: 'username', title: 'User name', width: '180px', cell: ({ username }) => username },
  {
    key: 'email',
    title: 'E-mail',
    width: '240px',
    hideBelow: 900,
    cell: ({ email }) => email ?? <span className="muted">—</span>,
  },
  {
    key: 'issuer',
    title: 'Vouched for by',
    width: '240px',
    hideBelow: 900,
    cell: ({ issuer }) => (issuer === 'embedded' ? 'Pulse itself' : issuer),
  },
  {
    key: 'state',
    title: 'State',
    width: '130px',
    hideBelow: 640,
    cell: ({ active }) => (
      <StatusDot status={active ? 'online' : 'offline'}>
        {active ? 'Active' : 'Deactivated'}
      </StatusDot>
    ),
  },
]

const endColumn = (onEnd: (operator: OperatorFacts) => void): Column<OperatorFacts> => ({
  key: 'end',
  title: 'Action',
  end: true,
  width: '120px',
  cell: (operator) => (
    <Button
      size="compact-xs"
      aria-label={`Take away the operator’s area from ${operator.name}`}
      onClick={() => onEnd(operator)}
    >
      Take away…
    </Button>
  ),
})

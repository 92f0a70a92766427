import type { AuditRecord } from '@pulse/contract'
import { type Column, DataTable, type TableSource } from '../ui/data-table.tsx'
import { formatClock, formatExact, formatMoment } from '../ui/format.ts'
import { EmptyState } from '../ui/states.tsx'
import classes from './audit.module.css'
import { actionWords, actorKind, actorName } from './audit-words.ts'
import { changesInALine } from './changes.ts'
import { SubjectLink } from './subject-link.tsx'

interface AuditTableProps {
  readonly entries: readonly AuditRecord[]
  readonly source: TableSource
  readonly selected: number | undefined
  readonly onSelect: (entry: AuditRecord) => void
  /** Whether subjects lead to pages of the tenant. */
  readonly linked: boolean
  /** Fewer columns, while an entry is shown beside. */
  readonly compact: boolean
  readonly filtered: boolean
}

/** Who did what to what, newest first. */
export function AuditTable(props: AuditTableProps) {
  const { entries, source, selected, onSelect, linked, compact, filtered } = props
  const columns = columnsOf(linked)
  return (
    <DataTable
      label="Audit entries"
      columns={compact ? columns.filter(({ key }) => !beside.has(key)) : columns}
      rows={entries}
      rowKey={({ id }) => String(id)}
      source={source}
      selected={selected === undefined ? undefined : String(selected)}
      onSelect={onSelect}
      empty={
        filtered ? (
          <EmptyState title="No entry matches">Take a filter out, or look further back.</EmptyState>
        ) : (
          <EmptyState title="Nothing was done yet">
            Each act of a person, an API key or an operator stands here from its own transaction on.
          </EmptyState>
        )
      }
    />
  )
}

/** What the entry beside the list says better. */
const beside = new Set(['change', 'from'])

const today = (at: string) => new Date(at).toDateString() === new Date().toDateString()

const columnsOf = (linked: boolean): readonly Column<AuditRecord>[] => [
  ...whoDidWhat,
  {
    key: 'subject',
    title: 'To what',
    width: '230px',
    hideBelow: 640,
    cell: ({ subject }) => <SubjectLink subject={subject} linked={linked} />,
  },
  {
    key: 'change',
    title: 'Change',
    grow: true,
    hideBelow: 900,
    cell: ({ before, after }) => (
      <span className={classes.change}>{changesInALine(before, after)}</span>
    ),
  },
  {
    key: 'from',
    title: 'From',
    width: '120px',
    hideBelow: 900,
    cell: ({ address }) => <span className={`mono ${classes.address}`}>{address ?? '—'}</span>,
  },
]

const whoDidWhat: readonly Column<AuditRecord>[] = [
  {
    key: 'at',
    title: 'Time',
    width: '118px',
    cell: ({ at }) => (
      <time dateTime={at} title={formatExact(at)} className={`mono ${classes.time}`}>
        {today(at) ? formatClock(at) : formatMoment(at)}
      </time>
    ),
  },
  {
    key: 'who',
    title: 'Who',
    width: '190px',
    cell: ({ actor }) => (
      <>
        <span className={classes.who}>{actorName(actor)}</span>
        <span className={classes.kind}>{actorKind(actor)}</span>
      </>
    ),
  },
  {
    key: 'what',
    title: 'What',
    width: '170px',
    cell: ({ action }) => (
      <span className={classes.what} title={action}>
        {actionWords(action)}
      </span>
    ),
  },
]

import type { DeliverySummary } from '@pulse/contract'
import { Link } from '@tanstack/react-router'
import { type Column, DataTable, type TableSource } from '../ui/data-table.tsx'
import { formatDuration, formatExact, formatMoment, formatTook } from '../ui/format.ts'
import { useNow } from '../ui/now.ts'
import { EmptyState } from '../ui/states.tsx'
import classes from './deliveries.module.css'
import { DeliveryState, eventWord } from './delivery-state.tsx'

interface DeliveryListProps {
  readonly deliveries: readonly DeliverySummary[]
  readonly source: TableSource
  readonly selected: string | undefined
  readonly onSelect: (delivery: DeliverySummary) => void
  readonly deadOnly: boolean
  /** Fewer columns, while a delivery is shown beside. */
  readonly compact: boolean
}

const columns: readonly Column<DeliverySummary>[] = [
  {
    key: 'state',
    title: 'State',
    width: '130px',
    cell: (delivery) => <DeliveryState state={delivery.state} />,
  },
  {
    key: 'what',
    title: 'What it tells',
    cell: (delivery) => (
      <>
        <Link to="/devices/$key" params={{ key: delivery.device }} className={classes.device}>
          {delivery.device}
        </Link>{' '}
        <span className={classes.title}>{delivery.title}</span>{' '}
        <span className="muted">{eventWord(delivery.event)}</span>
      </>
    ),
  },
  {
    key: 'to',
    title: 'Destination',
    hideBelow: 640,
    cell: (delivery) => delivery.destinationName,
  },
  {
    key: 'attempts',
    title: 'Attempts',
    width: '90px',
    end: true,
    hideBelow: 900,
    cell: (delivery) => delivery.attempts,
  },
  {
    key: 'last',
    title: 'Last answer',
    hideBelow: 900,
    cell: (delivery) => <LastAnswer delivery={delivery} />,
  },
  {
    key: 'at',
    title: 'Created',
    width: '120px',
    end: true,
    hideBelow: 640,
    cell: ({ createdAt }) => (
      <time dateTime={createdAt} title={formatExact(createdAt)}>
        {formatMoment(createdAt)}
      </time>
    ),
  },
]

const fewColumns = columns.filter(({ key }) => ['state', 'what', 'at'].includes(key))

function LastAnswer({ delivery }: { readonly delivery: DeliverySummary }) {
  const now = useNow()
  const { state, settledAt, createdAt, nextAttemptAt, lastStatus, lastError } = delivery
  const answer = lastError ?? (lastStatus === null ? '' : String(lastStatus))
  if (state === 'delivered' && settledAt !== null) {
    const took = formatTook(Date.parse(settledAt) - Date.parse(createdAt))
    return (
      <>
        {answer} <span className="muted">in {took}</span>
      </>
    )
  }
  const wait = nextAttemptAt === null ? 0 : Date.parse(nextAttemptAt) - now
  return (
    <>
      {answer}{' '}
      {state === 'retrying' && (
        <span className="muted">
          {wait > 0 ? `next attempt in ${formatDuration(wait)}` : 'trying now'}
        </span>
      )}
    </>
  )
}

/** Deliveries, newest first. */
export function DeliveryList(props: DeliveryListProps) {
  const { deliveries, source, selected, onSelect, deadOnly, compact } = props
  return (
    <DataTable
      label="Deliveries"
      columns={compact ? fewColumns : columns}
      rows={deliveries}
      rowKey={(delivery) => delivery.id}
      source={source}
      selected={selected}
      onSelect={onSelect}
      empty={
        deadOnly ? (
          <EmptyState title="No dead letters">
            A delivery whose attempts have all failed waits here until somebody replays it.
          </EmptyState>
        ) : (
          <EmptyState title="No deliveries here" action={<Link to="/alerts">See the alerts</Link>}>
            A delivery tells a destination that an alert opened or cleared.
          </EmptyState>
        )
      }
    />
  )
}

import type { Rejection } from '@pulse/contract'
import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { CodeBars } from '../connect/code-bars.tsx'
import { rejectionsQuery } from '../connect/queries.ts'
import { RejectionItem } from '../connect/rejection-item.tsx'
import classes from '../connect/rejections.module.css'
import { rejectionsSearch } from '../connect/search.ts'
import { Chip } from '../ui/chip.tsx'
import { formatCount } from '../ui/format.ts'
import { useHeldList } from '../ui/held-list.ts'
import { More } from '../ui/more.tsx'
import { Page, PageHeader } from '../ui/page-header.tsx'
import { Panel } from '../ui/panel.tsx'
import { EmptyState, QueryView, Skeleton } from '../ui/states.tsx'
import { useSearchState } from '../ui/use-search-state.ts'

/** Messages that Pulse refused: why, and what to do about it. */
export function RejectionsPage() {
  const [{ device, code }, setSearch] = useSearchState(rejectionsSearch)
  const query = useInfiniteQuery(rejectionsQuery({ device, code }))
  const lastHour = query.data?.lastHour ?? []
  const total = lastHour.reduce((sum, each) => sum + each.count, 0)
  return (
    <Page>
      <PageHeader
        title="Rejections"
        meta={query.data && `${formatCount(total)} in the last hour`}
      />
      {(device || code) && (
        <div className={classes.filters}>
          {device && (
            <Chip active onClick={() => setSearch({ device: undefined })}>
              device {device} ×
            </Chip>
          )}
          {code && (
            <Chip active onClick={() => setSearch({ code: undefined })}>
              code {code} ×
            </Chip>
          )}
        </div>
      )}
      <QueryView query={query} skeleton={<ListSkeleton />}>
        {({ items }) => (
          <div className={classes.layout}>
            <List items={items} scope={`${device} ${code}`} more={<More query={query} />} />
            <div className={classes.side}>
              <CodeBars
                counts={lastHour}
                selected={code}
                onSelect={(chosen) => setSearch({ code: chosen })}
              />
            </div>
          </div>
        )}
      </QueryView>
    </Page>
  )
}

interface ListProps {
  readonly items: readonly Rejection[]
  readonly scope: string
  readonly more: ReactNode
}

function List({ items, scope, more }: ListProps) {
  const { shown, waiting, showAll } = useHeldList(items, scope)
  return (
    <Panel label="Refused messages">
      {waiting > 0 && (
        <button type="button" className={classes.new} onClick={showAll}>
          {formatCount(waiting)} new
        </button>
      )}
      {shown.length === 0 ? (
        <EmptyState
          title="Nothing was refused"
          action={<Link to="/connect">Connect a device</Link>}
        >
          A message that cannot be stored is refused with a code, and recorded here with what to do.
        </EmptyState>
      ) : (
        <ol>
          {shown.map((rejection) => (
            <RejectionItem key={rejection.id} rejection={rejection} />
          ))}
        </ol>
      )}
      {more}
    </Panel>
  )
}

function ListSkeleton() {
  return (
    <Panel label="Refused messages">
      <div className={classes.skeleton}>
        {[70, 55, 80, 60, 75].map((width) => (
          <Skeleton key={width} width={`${width}%`} height={48} />
        ))}
      </div>
    </Panel>
  )
}

import { Button } from '@mantine/core'
import type { DeviceRow } from '@pulse/contract'
import type { UseInfiniteQueryResult } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useEffect, useRef } from 'react'
import { DataTable } from '../ui/data-table.tsx'
import { formatCount } from '../ui/format.ts'
import { Panel } from '../ui/panel.tsx'
import { EmptyState } from '../ui/states.tsx'
import type { DeviceColumn } from './device-columns.tsx'
import classes from './devices.module.css'

interface TableChange {
  readonly sort?: 'key' | '-key' | 'lastMessage' | '-lastMessage' | 'alerts'
  readonly at?: string | undefined
  readonly q?: string | undefined
}

interface DeviceTableProps {
  readonly list: UseInfiniteQueryResult
  readonly rows: readonly DeviceRow[]
  readonly columns: readonly DeviceColumn[]
  readonly sort: string
  readonly at: string | undefined
  /** Whether a query hides devices: decides what an empty table says. */
  readonly filtered: boolean
  readonly onChange: (change: TableChange) => void
}

/** The fleet as a table; the next page is fetched when its end comes near. */
export function DeviceTable(props: DeviceTableProps) {
  const { list, rows, columns, sort, at, filtered, onChange } = props
  const navigate = useNavigate()
  return (
    <Panel label="Devices">
      <DataTable
        label="Devices"
        columns={columns}
        rows={rows}
        rowKey={(row) => row.key}
        source={list}
        sort={sort}
        onSort={(next) => onChange({ sort: next as NonNullable<TableChange['sort']> })}
        selected={at}
        onSelect={(row) => onChange({ at: row.key })}
        onOpen={(row) =>
          void navigate({ to: '/devices/$key', params: { key: row.key }, search: {} })
        }
        empty={<NoRows filtered={filtered} onClear={() => onChange({ q: undefined })} />}
      />
      {rows.length > 0 && <Foot list={list} count={rows.length} />}
    </Panel>
  )
}

interface FootProps {
  readonly list: UseInfiniteQueryResult
  readonly count: number
}

function Foot({ list, count }: FootProps) {
  const place = useRef<HTMLDivElement>(null)
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = list
  useEffect(() => {
    if (!hasNextPage || !place.current) return undefined
    const watch = new IntersectionObserver(
      ([entry]) => {
        if (entry?.isIntersecting) void fetchNextPage()
      },
      { rootMargin: '600px' },
    )
    watch.observe(place.current)
    return () => watch.disconnect()
  }, [hasNextPage, fetchNextPage])
  return (
    <div className={classes.foot} ref={place}>
      {hasNextPage ? `${formatCount(count)} shown` : 'That is all.'}
      {hasNextPage && (
        <Button disabled={isFetchingNextPage} onClick={() => void fetchNextPage()}>
          {isFetchingNextPage ? 'Loading…' : 'Show more'}
        </Button>
      )}
    </div>
  )
}

interface NoRowsProps {
  readonly filtered: boolean
  readonly onClear: () => void
}

function NoRows({ filtered, onClear }: NoRowsProps) {
  if (filtered) {
    return (
      <EmptyState
        title="No device matches"
        action={<Button onClick={onClear}>Clear the query</Button>}
      >
        Take a term out of the query, or search for the beginning of a key: ups-00*
      </EmptyState>
    )
  }
  return (
    <EmptyState
      title="No device is registered yet"
      action={<Link to="/connect">Connect a device</Link>}
    >
      A device appears here when it is registered, and comes alive with its first message.
    </EmptyState>
  )
}

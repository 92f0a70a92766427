import { Button } from '@mantine/core'
import { type ApiKey, permissions as words, worksWhileSuspended } from '@pulse/contract'
import { type ReactNode, useMemo } from 'react'
import { type Column, DataTable, type TableSource } from '../ui/data-table.tsx'
import { formatExact, plural } from '../ui/format.ts'
import { useNow } from '../ui/now.ts'
import { StatusDot } from '../ui/status.tsx'
import { TimeAgo } from '../ui/time-ago.tsx'
import classes from './access.module.css'
import { keyState, whenEnds } from './words.ts'

interface KeyTableProps {
  readonly keys: readonly ApiKey[]
  readonly source: TableSource
  readonly selected: string | undefined
  readonly onSelect: (key: ApiKey) => void
  /** Left out where one may only look. */
  readonly onRevoke: ((key: ApiKey) => void) | undefined
  readonly empty: ReactNode
}

/** API keys: what for, what they may do, until when, and whether anybody uses them. */
export function KeyTable(props: KeyTableProps) {
  const { keys, source, selected, onSelect, onRevoke, empty } = props
  const columns = useMemo(
    () => (onRevoke ? [...baseColumns, revokeColumn(onRevoke)] : baseColumns),
    [onRevoke],
  )
  return (
    <DataTable
      label="API keys"
      columns={columns}
      rows={keys}
      rowKey={({ id }) => id}
      source={source}
      selected={selected}
      onSelect={onSelect}
      empty={empty}
    />
  )
}

const baseColumns: readonly Column<ApiKey>[] = [
  {
    key: 'name',
    title: 'Name',
    grow: true,
    cell: ({ name, id }) => (
      <>
        <span className={classes.name}>{name}</span> <span className="mono muted">{id}</span>
      </>
    ),
  },
  {
    key: 'permissions',
    title: 'May',
    width: '230px',
    hideBelow: 900,
    cell: ({ permissions }) => (
      <span title={permissions.map((each) => words[each]).join('\n')}>
        {summaryOf(permissions)}
      </span>
    ),
  },
  {
    key: 'by',
    title: 'Made by',
    width: '150px',
    hideBelow: 900,
    cell: ({ createdBy }) => createdBy,
  },
  {
    key: 'used',
    title: 'Last used',
    width: '120px',
    hideBelow: 640,
    cell: ({ lastUsedAt }) =>
      lastUsedAt === null ? (
        <span className="muted">never</span>
      ) : (
        <TimeAgo at={lastUsedAt} suffix="ago" />
      ),
  },
  { key: 'ends', title: 'Ends', width: '130px', cell: (key) => <Ends apiKey={key} /> },
  { key: 'state', title: 'State', width: '110px', cell: (key) => <State apiKey={key} /> },
]

/** What a key may, short: `reads only, 9 permissions`. */
function summaryOf(permissions: ApiKey['permissions']): string {
  const [only] = permissions
  if (permissions.length === 1 && only) return words[only]
  const writing = permissions.filter((each) => !worksWhileSuspended(each)).length
  const count = plural(permissions.length, 'permission')
  return writing === 0 ? `reads only, ${count}` : `${count}, ${writing} writing`
}

function Ends({ apiKey }: { readonly apiKey: ApiKey }) {
  const now = useNow()
  const { expiresAt, revokedAt } = apiKey
  const at = revokedAt ?? expiresAt
  const soon = keyState(apiKey, now) === 'ends soon'
  return (
    <time dateTime={at} title={formatExact(at)} className={soon ? classes.warn : undefined}>
      {whenEnds(at, now)}
    </time>
  )
}

function State({ apiKey }: { readonly apiKey: ApiKey }) {
  const state = keyState(apiKey, useNow())
  if (state === 'in force') return <StatusDot status="online">In force</StatusDot>
  if (state === 'ends soon') return <StatusDot status="stale">Ends soon</StatusDot>
  return <StatusDot status="offline">{state === 'expired' ? 'Expired' : 'Revoked'}</StatusDot>
}

const revokeColumn = (onRevoke: (key: ApiKey) => void): Column<ApiKey> => ({
  key: 'revoke',
  title: 'Action',
  end: true,
  width: '100px',
  cell: (key) =>
    key.revokedAt === null && (
      <Button size="compact-xs" aria-label={`Revoke ${key.name}`} onClick={() => onRevoke(key)}>
        Revoke…
      </Button>
    ),
})

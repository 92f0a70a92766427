import { Button } from '@mantine/core'
import type { StoredMessage } from '@pulse/contract'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { CodeBlock } from '../ui/code-block.tsx'
import { CopyButton } from '../ui/copy-button.tsx'
import { type Column, DataTable } from '../ui/data-table.tsx'
import { formatExact, formatMoment } from '../ui/format.ts'
import { Panel } from '../ui/panel.tsx'
import { EmptyState } from '../ui/states.tsx'
import classes from './messages.module.css'
import { messagesQuery } from './queries.ts'

const keyOf = (message: StoredMessage) => `${message.id} ${message.ts}`

const columns: readonly Column<StoredMessage>[] = [
  {
    key: 'ts',
    title: 'Measured',
    width: '150px',
    cell: ({ ts }) => <Moment at={ts} />,
  },
  {
    key: 'received',
    title: 'Received',
    width: '150px',
    hideBelow: 900,
    cell: ({ receivedAt }) => <Moment at={receivedAt} />,
  },
  { key: 'kind', title: 'Kind', width: '100px', cell: ({ kind }) => kind },
  {
    key: 'id',
    title: 'Id',
    width: '190px',
    hideBelow: 900,
    cell: ({ id }) => <span className="mono">{id}</span>,
  },
  {
    key: 'data',
    title: 'Data',
    cell: ({ data }) => <span className="mono">{JSON.stringify(data)}</span>,
  },
]

function Moment({ at }: { readonly at: string }) {
  return (
    <time dateTime={at} title={formatExact(at)} className="mono">
      {new Date(at).toLocaleTimeString('en-GB', { hour12: false })}
      <span className="muted">.{at.slice(20, 23)}</span>
    </time>
  )
}

const FIRST = 100
const MORE = 500

/** What is stored of a device, newest first; a row shows its whole message. */
export function MessagesTab({ device }: { readonly device: string }) {
  const [limit, setLimit] = useState(FIRST)
  const [selected, setSelected] = useState<string>()
  const query = useQuery(messagesQuery(device, limit))
  const rows = query.data?.items ?? []
  const open = rows.find((message) => keyOf(message) === selected)
  return (
    <div className={open ? classes.split : ''}>
      <Panel
        title="Messages"
        meta={rows.length === 0 ? undefined : `the newest ${rows.length}`}
        actions={<Button onClick={() => void query.refetch()}>Refresh</Button>}
      >
        <DataTable
          label="Stored messages"
          columns={columns}
          rows={rows}
          rowKey={keyOf}
          selected={selected}
          onSelect={(message) => setSelected(keyOf(message))}
          source={query}
          empty={
            <EmptyState title="Nothing stored yet">
              Messages of this device appear here once they are stored.
            </EmptyState>
          }
        />
        {rows.length === FIRST && limit === FIRST && (
          <div className={classes.more}>
            <Button onClick={() => setLimit(MORE)}>Show {MORE}</Button>
          </div>
        )}
      </Panel>
      {open && <Whole message={open} onClose={() => setSelected(undefined)} />}
    </div>
  )
}

interface WholeProps {
  readonly message: StoredMessage
  readonly onClose: () => void
}

function Whole({ message, onClose }: WholeProps) {
  const json = JSON.stringify(message, null, 2)
  return (
    <Panel
      title={message.kind}
      meta={formatMoment(message.ts)}
      className={classes.whole}
      actions={
        <>
          <CopyButton text={json} label="Copy the JSON" />
          <Button onClick={onClose}>Close</Button>
        </>
      }
    >
      <CodeBlock label="The message" wrap>
        {json}
      </CodeBlock>
    </Panel>
  )
}

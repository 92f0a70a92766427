import type { Command } from '@pulse/contract'
import { useQuery } from '@tanstack/react-query'
import { useMay } from '../session/use-session.ts'
import { type Column, DataTable } from '../ui/data-table.tsx'
import { formatDuration, formatExact, formatMoment, formatTook } from '../ui/format.ts'
import { useNow } from '../ui/now.ts'
import { Panel } from '../ui/panel.tsx'
import { EmptyState } from '../ui/states.tsx'
import { CommandForm } from './command-form.tsx'
import classes from './connect.module.css'
import { commandsQuery } from './queries.ts'

const columns: readonly Column<Command>[] = [
  {
    key: 'at',
    title: 'Sent',
    width: '110px',
    cell: (command) => (
      <time dateTime={command.createdAt} title={formatExact(command.createdAt)}>
        {formatMoment(command.createdAt)}
      </time>
    ),
  },
  { key: 'name', title: 'Command', cell: (command) => <b>{command.name}</b> },
  {
    key: 'payload',
    title: 'Payload',
    hideBelow: 640,
    cell: (command) => <Json value={command.payload} />,
  },
  { key: 'state', title: 'State', cell: (command) => <CommandState command={command} /> },
  {
    key: 'result',
    title: 'Answer',
    hideBelow: 900,
    cell: (command) => <Json value={command.result} />,
  },
]

/** Sends a command to a device, and shows how the ones before went. */
export function CommandsTab({ device }: { readonly device: string }) {
  const may = useMay('command.send')
  const query = useQuery(commandsQuery(device))
  return (
    <div className={may ? classes.commands : ''}>
      {may && <CommandForm device={device} />}
      <Panel title="Commands" meta="newest first">
        <DataTable
          label="Commands"
          columns={columns}
          rows={query.data?.items ?? []}
          rowKey={(command) => command.id}
          source={query}
          empty={
            <EmptyState title="No command yet">
              A command goes to the device over MQTT. One that is away gets it when it returns,
              until its time is over.
            </EmptyState>
          }
        />
      </Panel>
    </div>
  )
}

function Json({ value }: { readonly value: unknown }) {
  if (value === null || value === undefined) return <span className="muted">—</span>
  const text = JSON.stringify(value)
  return (
    <span className="mono" title={text}>
      {text}
    </span>
  )
}

/** How far a command came, with the milliseconds of each step since it was given. */
function CommandState({ command }: { readonly command: Command }) {
  const now = useNow()
  const since = (at: string) => formatTook(Date.parse(at) - Date.parse(command.createdAt))
  const steps = [
    command.sentAt && `sent ${since(command.sentAt)}`,
    command.acknowledgedAt && `acknowledged ${since(command.acknowledgedAt)}`,
    command.answeredAt && `answered ${since(command.answeredAt)}`,
  ].filter(Boolean)
  const left = formatDuration(Date.parse(command.expiresAt) - now)
  return (
    <>
      <b className={command.state === 'expired' ? classes.expired : classes.state}>
        {command.state}
      </b>{' '}
      <span className="muted">
        {command.state === 'queued' ? `waits for the device, ${left} left` : steps.join(' · ')}
      </span>
    </>
  )
}

import { Button, TextInput } from '@mantine/core'
import type { Rejection, StoredMessage } from '@pulse/contract'
import { useState } from 'react'
import { useDeviceTail } from '../live/use-live.tsx'
import { deviceSearch } from '../state/search.ts'
import { Chip, KeyHint } from '../ui/chip.tsx'
import { formatClock, formatExact, formatTook, plural } from '../ui/format.ts'
import { useHotkeys } from '../ui/hotkeys.ts'
import { Panel } from '../ui/panel.tsx'
import { EmptyState } from '../ui/states.tsx'
import { useSearchState } from '../ui/use-search-state.ts'
import classes from './stream.module.css'
import { filterTail, type TailLine, tailLines } from './tail-lines.ts'

/** What a device sends, as it arrives: stored messages and refusals, newest first. */
export function LiveTail({ device }: { readonly device: string }) {
  const tail = useDeviceTail(device)
  const [{ find = '' }, setSearch] = useSearchState(deviceSearch)
  const [pretty, setPretty] = useState(false)
  const toggle = () => tail.setPaused(!tail.paused)
  useHotkeys([{ keys: 'p', label: 'Pause or resume the tail', run: toggle }])
  const lines = filterTail(tailLines(tail.messages, tail.rejections), find)
  return (
    <Panel
      title="Live tail"
      meta={tail.paused ? 'paused' : 'from now on'}
      actions={
        <>
          <TextInput
            size="xs"
            className={classes.find}
            placeholder="Filter: text of a message"
            aria-label="Filter the tail"
            value={find}
            onChange={(event) => setSearch({ find: event.currentTarget.value || undefined })}
          />
          <Chip active={pretty} onClick={() => setPretty(!pretty)}>
            Pretty JSON
          </Chip>
          <Button size="compact-sm" onClick={toggle}>
            {tail.paused ? 'Resume' : 'Pause'}
          </Button>
          <KeyHint>p</KeyHint>
        </>
      }
    >
      {tail.paused && (
        <button type="button" className={classes.held} onClick={toggle}>
          Paused. {plural(tail.held, 'new message')} held back.
        </button>
      )}
      {tail.dropped > 0 && (
        <p className={classes.held}>
          {plural(tail.dropped, 'message')} left out: they came faster than this page reads.
        </p>
      )}
      <Lines lines={lines} pretty={pretty} filtered={find !== ''} />
    </Panel>
  )
}

interface LinesProps {
  readonly lines: readonly TailLine[]
  readonly pretty: boolean
  readonly filtered: boolean
}

function Lines({ lines, pretty, filtered }: LinesProps) {
  if (lines.length === 0) {
    return (
      <EmptyState title={filtered ? 'Nothing that matches yet' : 'Waiting for the next message'}>
        {filtered
          ? 'Messages that contain the text appear here.'
          : 'Each message of this device appears here the moment it is stored or refused.'}
      </EmptyState>
    )
  }
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <ol className={classes.tail} tabIndex={0} aria-label="Messages, newest first">
      {lines.map((line) =>
        line.kind === 'stored' ? (
          <StoredLine key={line.key} message={line.message} pretty={pretty} />
        ) : (
          <RefusedLine key={line.key} rejection={line.rejection} />
        ),
      )}
    </ol>
  )
}

interface StoredLineProps {
  readonly message: StoredMessage
  readonly pretty: boolean
}

function StoredLine({ message, pretty }: StoredLineProps) {
  const delay = Date.parse(message.receivedAt) - Date.parse(message.ts)
  return (
    <li>
      <time className={classes.when} dateTime={message.ts} title={formatExact(message.ts)}>
        {formatClock(message.receivedAt)}
      </time>
      <span className={classes.kind}>{message.kind}</span>
      <code className={`${classes.data} ${pretty ? classes.pretty : ''}`}>
        {JSON.stringify(message.data, null, pretty ? 2 : 0)}
      </code>
      <span className={classes.took} title="From measured to received">
        {delay > 0 ? formatTook(delay) : ''}
      </span>
    </li>
  )
}

function RefusedLine({ rejection }: { readonly rejection: Rejection }) {
  return (
    <li className={classes.refused}>
      <time className={classes.when} dateTime={rejection.at} title={formatExact(rejection.at)}>
        {formatClock(rejection.at)}
      </time>
      <span className={`${classes.kind} ${classes.refusedWord}`}>refused</span>
      <span className={classes.data}>
        {rejection.code}: {rejection.message}{' '}
        <span className={classes.remedy}>{rejection.remedy}</span>
      </span>
      <span className={classes.took}>{rejection.source}</span>
    </li>
  )
}

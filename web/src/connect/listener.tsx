import { Button } from '@mantine/core'
import type { Rejection, StoredMessage } from '@pulse/contract'
import { Link } from '@tanstack/react-router'
import { useDeviceTail } from '../live/use-live.tsx'
import { tailLines } from '../stream/tail-lines.ts'
import { formatClock, formatExact, formatTook, formatValue, plural } from '../ui/format.ts'
import { Panel } from '../ui/panel.tsx'
import classes from './connect.module.css'

/** Hears every attempt of a device and explains it: stored with what, or refused and why. */
export function Listener({ device }: { readonly device: string }) {
  const { messages, rejections } = useDeviceTail(device)
  const lines = tailLines(messages, rejections).toReversed()
  const stored = messages.length > 0
  return (
    <Panel
      title={
        <span className={classes.listening}>
          <span className={stored ? classes.heard : classes.waiting} />
          Listening to {device}
        </span>
      }
      actions={<span>{plural(lines.length, 'attempt')}</span>}
    >
      <ol className={classes.attempts} aria-live="polite" aria-label="Attempts">
        {lines.length === 0 && (
          <li className={classes.nothing}>
            Nothing yet. Run the snippet: each attempt appears here, with the reason if it is
            refused.
          </li>
        )}
        {lines
          .slice(-20)
          .map((line) =>
            line.kind === 'stored' ? (
              <Stored key={line.key} message={line.message} />
            ) : (
              <Refused key={line.key} rejection={line.rejection} />
            ),
          )}
      </ol>
      {stored && (
        <div className={classes.open}>
          <Button
            variant="filled"
            renderRoot={(props) => <Link {...props} to="/devices/$key" params={{ key: device }} />}
          >
            Open {device}
          </Button>
        </div>
      )}
    </Panel>
  )
}

function Refused({ rejection }: { readonly rejection: Rejection }) {
  return (
    <li className={classes.attempt}>
      <time className="mono muted" dateTime={rejection.at} title={formatExact(rejection.at)}>
        {formatClock(rejection.at)}
      </time>
      <div>
        <p className={classes.refused}>Refused: {rejection.code}</p>
        <p className={classes.why}>
          {rejection.message} {rejection.remedy}
        </p>
      </div>
    </li>
  )
}

function Stored({ message }: { readonly message: StoredMessage }) {
  const delay = Date.parse(message.receivedAt) - Date.parse(message.ts)
  const values = Object.entries(message.data)
  const telemetry = message.kind === 'telemetry'
  return (
    <li className={classes.attempt}>
      <time className="mono muted" dateTime={message.ts} title={formatExact(message.ts)}>
        {formatClock(message.receivedAt)}
      </time>
      <div>
        <p className={classes.why}>
          <b className={classes.storedWord}>Stored</b>
          {delay > 0 && ` ${formatTook(delay)} after it was measured`} · id{' '}
          <span className="mono">{message.id}</span> ·{' '}
          {telemetry ? plural(values.length, 'metric') : message.kind}
        </p>
        <ul className={classes.values}>
          {values.slice(0, 8).map(([name, value]) => (
            <li key={name}>
              {name} <b>{typeof value === 'object' ? JSON.stringify(value) : formatValue(value)}</b>
            </li>
          ))}
        </ul>
      </div>
    </li>
  )
}

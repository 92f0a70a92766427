import type { Rejection } from '@pulse/contract'
import { Link } from '@tanstack/react-router'
import { formatClock, formatCount, formatExact, formatMoment } from '../ui/format.ts'
import classes from './rejections.module.css'

/** One refused message: what was wrong with it, what to do, and how it began. */
export function RejectionItem({ rejection }: { readonly rejection: Rejection }) {
  const { at, device, code, message, remedy, count } = rejection
  const today = new Date(at).toDateString() === new Date().toDateString()
  return (
    <li className={classes.item}>
      <time className={`mono ${classes.when}`} dateTime={at} title={formatExact(at)}>
        {today ? formatClock(at) : formatMoment(at)}
      </time>
      <div className={classes.said}>
        <div className={classes.line}>
          {device === null ? (
            <span className="muted">unknown device</span>
          ) : (
            <Link to="/devices/$key" params={{ key: device }} className={classes.device}>
              {device}
            </Link>
          )}
          <span className={`mono ${classes.itemCode}`}>{code}</span>
          {count > 1 && <span className="muted">stands for {formatCount(count)} alike</span>}
        </div>
        <p>{message}</p>
        <p className={classes.remedy}>{remedy}</p>
        {rejection.excerpt && (
          <code className={classes.excerpt} title="How the payload began">
            {rejection.excerpt}
          </code>
        )}
        <Origin rejection={rejection} />
      </div>
    </li>
  )
}

function Origin({ rejection }: { readonly rejection: Rejection }) {
  const { source, address, topic, messageId } = rejection
  const parts = [
    source === 'mqtt' ? 'MQTT' : 'HTTP',
    topic,
    address && `from ${address}`,
    messageId && `id ${messageId}`,
  ]
  return <p className={classes.origin}>{parts.filter(Boolean).join(' · ')}</p>
}

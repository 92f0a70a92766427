import type { Alert, Overview } from '@pulse/contract'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { typesQuery } from '../registry/queries.ts'
import { reasonWords } from '../rules/reason-words.ts'
import { unitOf } from '../stream/metric-lines.ts'
import { formatExact, formatMoment } from '../ui/format.ts'
import { SeverityBadge } from '../ui/status.tsx'
import { TimeAgo } from '../ui/time-ago.tsx'
import classes from './overview.module.css'

const SHOWN = 6

/** What is wrong now, in sentences, worst first; then what changed. */
export function NowList({ data }: { readonly data: Overview }) {
  const rest = data.now.length - SHOWN
  return (
    <>
      {data.now.length === 0 && (
        <p className={classes.calm}>No alert is open. The next one appears here by itself.</p>
      )}
      {data.now.slice(0, SHOWN).map((alert) => (
        <OpenAlert key={alert.id} alert={alert} />
      ))}
      {rest > 0 && (
        <p className={classes.more}>
          <Link to="/alerts" search={{}}>
            {rest} more
          </Link>
        </p>
      )}
      <Changes changes={data.changes} />
    </>
  )
}

function OpenAlert({ alert }: { readonly alert: Alert }) {
  const { data: types } = useQuery(typesQuery())
  const who = alert.acknowledgedBy ?? 'acknowledged'
  return (
    <Link to="/alerts/$id" params={{ id: alert.id }} className={classes.item}>
      <SeverityBadge severity={alert.severity}>{null}</SeverityBadge>
      <span className={classes.title}>
        {alert.device} · {alert.title}
      </span>
      <TimeAgo at={alert.openedAt} className={classes.age ?? ''} />
      <span className={classes.reason}>
        {reasonWords(alert.reason, alert.openedAt, (metric) => unitOf(types, metric))}
      </span>
      <span className={classes.state}>{alert.state === 'open' ? 'unacknowledged' : who}</span>
    </Link>
  )
}

function Changes({ changes }: { readonly changes: Overview['changes'] }) {
  return (
    <section className={classes.changes} aria-labelledby="changed">
      <h2 id="changed" className={classes.changesTitle}>
        What changed
      </h2>
      {changes.length === 0 && <p className={classes.change}>Nothing in this range.</p>}
      <ul>
        {changes.map((change) => (
          <li key={`${change.at} ${change.text}`} className={classes.change}>
            <time dateTime={change.at} title={formatExact(change.at)} className="mono">
              {formatMoment(change.at)}
            </time>
            <ChangeText change={change} />
            <span className={classes.who}>{change.by}</span>
          </li>
        ))}
      </ul>
    </section>
  )
}

function ChangeText({ change }: { readonly change: Overview['changes'][number] }) {
  if (change.alert) {
    return (
      <Link to="/alerts/$id" params={{ id: change.alert }}>
        {change.text}
      </Link>
    )
  }
  if (change.device) {
    return (
      <Link to="/devices/$key" params={{ key: change.device }} search={{}}>
        {change.text}
      </Link>
    )
  }
  return <span>{change.text}</span>
}

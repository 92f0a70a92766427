import type { DeliveryDetail } from '@pulse/contract'
import { formatClock, formatDuration, formatExact, formatTook } from '../ui/format.ts'
import { useNow } from '../ui/now.ts'
import classes from './deliveries.module.css'

/** Every attempt: when, how long, what came back; and when the next one is due. */
export function Attempts({ delivery }: { readonly delivery: DeliveryDetail }) {
  const now = useNow()
  const { log, nextAttemptAt, state } = delivery
  const wait = nextAttemptAt === null ? 0 : Date.parse(nextAttemptAt) - now
  return (
    <ol className={classes.attempts}>
      {log.map((attempt) => {
        const good = attempt.status !== null && attempt.status < 300
        return (
          <li key={attempt.number}>
            <span className={classes.number}>{attempt.number}</span>
            <time
              dateTime={attempt.at}
              title={formatExact(attempt.at)}
              className={`mono ${classes.when}`}
            >
              {formatClock(attempt.at)}
            </time>
            <span className={good ? classes.good : classes.bad}>
              {attempt.status ?? 'no answer'}
            </span>
            <span className={classes.took}>{formatTook(attempt.tookMs)}</span>
            {attempt.error && <span className={classes.error}>{attempt.error}</span>}
            {attempt.response && <pre className={classes.response}>{attempt.response}</pre>}
          </li>
        )
      })}
      {log.length === 0 && <li className="muted">Not tried yet.</li>}
      {(state === 'retrying' || state === 'queued') && nextAttemptAt !== null && (
        <li className="muted">
          {wait > 0 ? `Next attempt in ${formatDuration(wait)}.` : 'The next attempt runs now.'}
        </li>
      )}
    </ol>
  )
}

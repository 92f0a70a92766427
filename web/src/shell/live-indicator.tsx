import { useLive } from '../live/use-live.tsx'
import { formatClock, formatCount } from '../ui/format.ts'
import { Sparkline } from '../ui/sparkline.tsx'
import classes from './shell.module.css'

/** Freshness of the page: live with its rate, reconnecting since when, or paused. A click pauses. */
export function LiveIndicator() {
  const { status, since, perSecond, rates, toggle } = useLive()
  const paused = status === 'paused'
  return (
    <button
      type="button"
      className={`${classes.live} ${classes[status]}`}
      onClick={toggle}
      title={paused ? 'Click to go on' : 'Click to pause the live updates'}
    >
      <i />
      {status === 'live' ? (
        <>
          <span className={`muted ${classes.onlyWide}`}>live</span>
          <b>{formatCount(perSecond)}</b>
          <span className={`muted ${classes.onlyWide}`}>msg/s</span>
          <Sparkline values={rates} width={64} height={18} fromZero color="var(--online)" />
        </>
      ) : (
        <span className={classes.state}>{stateWords(status, since)}</span>
      )}
      <span className="sr-only">{paused ? 'Go on' : 'Pause'}</span>
    </button>
  )
}

function stateWords(status: string, since: number): string {
  if (status === 'live') return 'Live'
  if (status === 'connecting') return 'Connecting'
  if (status === 'paused') return `Paused at ${formatClock(since)}`
  return `Reconnecting since ${formatClock(since)}`
}

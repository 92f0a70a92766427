import type { AlertDetail, DeviceType } from '@pulse/contract'
import { Link } from '@tanstack/react-router'
import { unitsOf } from '../stream/metric-lines.ts'
import { formatClock, formatExact, formatMoment, formatValue } from '../ui/format.ts'
import classes from './alert.module.css'
import { emphasise } from './emphasis.tsx'
import { reasonWords, type UnitOf } from './reason-words.ts'
import { type StoryLine, storyOf } from './story.ts'

interface StoryListProps {
  readonly alert: AlertDetail
  readonly type: DeviceType | undefined
}

/** What happened, line by line: time, value, text. */
export function StoryList({ alert, type }: StoryListProps) {
  const unitOf = unitsOf(type)
  return (
    <ol className={classes.story}>
      {storyOf(alert).map((line) => (
        <li key={line.key}>
          <StoryTime at={line.at} />
          <span className={classes.value}>{told(line, unitOf)}</span>
          <span className={classes.text}>
            {line.delivery ? (
              <Link to="/deliveries/$id" params={{ id: line.delivery }}>
                {line.text}
              </Link>
            ) : (
              emphasise(reasonWords(line.text, line.at, unitOf))
            )}
          </span>
        </li>
      ))}
    </ol>
  )
}

/** The clock time; with the day when that is not today. */
function StoryTime({ at }: { readonly at: string }) {
  const today = new Date(at).toDateString() === new Date().toDateString()
  return (
    <time dateTime={at} title={formatExact(at)} className={classes.time}>
      {today ? formatClock(at) : formatMoment(at)}
    </time>
  )
}

function told({ value, metric }: StoryLine, unitOf: UnitOf): string {
  if (value === null) return ''
  const text = formatValue(value)
  const unit = metric === undefined ? undefined : unitOf(metric)
  return unit && typeof value === 'number' ? `${text} ${unit}` : text
}

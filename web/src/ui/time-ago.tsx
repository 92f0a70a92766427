import { formatDuration, formatExact } from './format.ts'
import { useNow } from './now.ts'

interface TimeAgoProps {
  /** ISO instant; null shows a dash. */
  readonly at: string | null
  /** Word behind the age, such as `ago`. */
  readonly suffix?: string
  readonly className?: string
}

/** The age of an instant, counting; hover shows the exact instant, local and UTC. */
export function TimeAgo({ at, suffix, className }: TimeAgoProps) {
  const now = useNow()
  if (at === null) return <span className={className ?? 'muted'}>—</span>
  const age = formatDuration(now - Date.parse(at))
  return (
    <time dateTime={at} title={formatExact(at)} className={className}>
      {suffix ? `${age} ${suffix}` : age}
    </time>
  )
}

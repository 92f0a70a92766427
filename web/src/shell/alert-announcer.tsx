import { useEffect, useRef, useState } from 'react'
import { plural } from '../ui/format.ts'
import { useCounts } from './use-counts.ts'

const QUIET_MS = 10_000

/** Says aloud that there are more open alerts than before; at most every 10 s. */
export function AlertAnnouncer() {
  const alerts = useCounts()?.alerts
  const before = useRef(alerts)
  const [said, setSaid] = useState('')
  useEffect(() => {
    const timer = setTimeout(() => {
      const more = (alerts ?? 0) - (before.current ?? alerts ?? 0)
      before.current = alerts
      if (more > 0) setSaid(`${plural(more, 'new alert')}, ${plural(alerts ?? 0, 'alert')} open`)
    }, QUIET_MS)
    return () => clearTimeout(timer)
  }, [alerts])
  return (
    <div className="sr-only" role="status">
      {said}
    </div>
  )
}

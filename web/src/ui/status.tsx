import type { DeviceStatus, Severity } from '@pulse/contract'
import type { ReactNode } from 'react'
import classes from './status.module.css'

const statusWords: Readonly<Record<DeviceStatus, string>> = {
  online: 'Online',
  stale: 'Stale',
  offline: 'Offline',
  never: 'Never seen',
  maintenance: 'Maintenance',
}

/** The word for a status, as people read it. */
export const statusWord = (status: DeviceStatus): string => statusWords[status]

function StatusShape({ status }: { readonly status: DeviceStatus }) {
  return (
    <svg width="10" height="10" viewBox="0 0 10 10" aria-hidden="true">
      {status === 'online' && <circle cx="5" cy="5" r="4.5" />}
      {status === 'stale' && (
        <>
          <circle cx="5" cy="5" r="4" fill="none" stroke="currentColor" />
          <path d="M5 1a4 4 0 0 0 0 8z" />
        </>
      )}
      {status === 'offline' && (
        <circle cx="5" cy="5" r="4" fill="none" stroke="currentColor" strokeWidth="1.2" />
      )}
      {status === 'never' && <rect x="1" y="4.2" width="8" height="1.6" rx="0.8" />}
      {status === 'maintenance' && <rect x="0.5" y="0.5" width="9" height="9" rx="2" />}
    </svg>
  )
}

interface StatusDotProps {
  readonly status: DeviceStatus
  /** Instead of the status's own word. */
  readonly children?: ReactNode
}

/** A device's status: a shape of its own per status, and its word. */
export function StatusDot({ status, children }: StatusDotProps) {
  const quiet = status === 'offline' || status === 'never' ? classes.quiet : ''
  return (
    <span className={`${classes.dot} ${classes[status]} ${quiet}`}>
      <StatusShape status={status} />
      {children ?? statusWord(status)}
    </span>
  )
}

/** ◆ critical, ▲ warning, ● info; alone only where a word stands beside it. */
export function SeverityShape({ severity }: { readonly severity: Severity }) {
  return (
    <svg width="11" height="11" viewBox="0 0 11 11" aria-hidden="true">
      {severity === 'critical' && <path d="M5.5 0 11 5.5 5.5 11 0 5.5z" />}
      {severity === 'warning' && <path d="M5.5 0.8 11 10.2H0z" />}
      {severity === 'info' && <circle cx="5.5" cy="5.5" r="5" />}
    </svg>
  )
}

interface SeverityBadgeProps {
  readonly severity: Severity
  /** What it says; the severity's own word by default. Null leaves the shape alone (with a label). */
  readonly children?: ReactNode
}

/** A severity as shape, tint and word. */
export function SeverityBadge({ severity, children }: SeverityBadgeProps) {
  const alone = children === null
  return (
    <span
      className={`${classes.badge} ${classes[severity]}`}
      {...(alone ? { role: 'img', 'aria-label': severity } : {})}
    >
      <SeverityShape severity={severity} />
      {children === undefined ? severity : children}
    </span>
  )
}

/** A severity as shape and word in the ink of the text around it, for facets and sums. */
export function SeverityWord({ severity, children }: SeverityBadgeProps) {
  return (
    <span className={`${classes.severity} ${classes.plain}`}>
      <SeverityShape severity={severity} />
      {children ?? severity}
    </span>
  )
}

import { Button } from '@mantine/core'
import type { UseQueryResult } from '@tanstack/react-query'
import { type CSSProperties, type ReactNode, useEffect, useState } from 'react'
import { ApiProblem } from '../session/problem.ts'
import { formatClock } from './format.ts'
import classes from './states.module.css'

const SHOW_AFTER_MS = 150

interface SkeletonProps {
  readonly width?: number | string
  readonly height?: number | string
}

/** A grey bar in the place of what loads; takes its room at once, shows after 150 ms. */
export function Skeleton({ width = '100%', height = 14 }: SkeletonProps) {
  const [shown, setShown] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => setShown(true), SHOW_AFTER_MS)
    return () => clearTimeout(timer)
  }, [])
  const style: CSSProperties = { width, height }
  return (
    <span
      className={`${classes.skeleton} ${shown ? '' : classes.hidden}`}
      style={style}
      aria-hidden="true"
    />
  )
}

interface EmptyStateProps {
  readonly title: string
  /** What this is and why there is nothing. */
  readonly children?: ReactNode
  /** The one action that fills it. */
  readonly action?: ReactNode
}

/** Nothing to show: what this is, and the one action that fills it. */
export function EmptyState({ title, children, action }: EmptyStateProps) {
  return (
    <div className={classes.state}>
      <p className={classes.title}>{title}</p>
      {children && <div className={classes.detail}>{children}</div>}
      {action && <div className={classes.actions}>{action}</div>}
    </div>
  )
}

interface ErrorStateProps {
  readonly error: unknown
  readonly onRetry?: () => unknown
}

/** What failed, what to do, the code and the request id, and a way to try again. */
export function ErrorState({ error, onRetry }: ErrorStateProps) {
  const problem = ApiProblem.of(error)
  return (
    <div className={classes.state} role="alert">
      <p className={classes.title}>{problem.title}</p>
      {problem.detail && <p className={classes.detail}>{problem.detail}</p>}
      <p className={classes.detail}>{problem.remedy}</p>
      <p className={`mono ${classes.code}`}>
        {problem.code}
        {problem.requestId && ` · request ${problem.requestId}`}
      </p>
      {onRetry && (
        <div className={classes.actions}>
          <Button onClick={() => void onRetry()}>Try again</Button>
        </div>
      )}
    </div>
  )
}

interface StaleBannerProps {
  /** When the data on the page came, epoch milliseconds. */
  readonly at: number
  readonly error: unknown
  readonly onRetry?: () => unknown
}

/** The last good data stands below; says since when it is old and why. */
export function StaleBanner({ at, error, onRetry }: StaleBannerProps) {
  const problem = ApiProblem.of(error)
  return (
    <div className={classes.banner} role="status">
      <span>
        This is as of {formatClock(at)}. {problem.title} {problem.remedy}
      </span>
      {onRetry && <Button onClick={() => void onRetry()}>Try again</Button>}
    </div>
  )
}

interface StaleNoteProps {
  readonly query: Pick<
    UseQueryResult<unknown, Error>,
    'isError' | 'data' | 'error' | 'dataUpdatedAt' | 'refetch'
  >
}

/** The banner above a list whose newest request failed; nothing while it is fresh. */
export function StaleNote({ query }: StaleNoteProps) {
  if (!query.isError || query.data === undefined) return null
  const retry = () => void query.refetch()
  return <StaleBanner at={query.dataUpdatedAt} error={query.error} onRetry={retry} />
}

interface QueryViewProps<T> {
  readonly query: UseQueryResult<T, Error>
  /** The layout that will come, in grey. */
  readonly skeleton: ReactNode
  readonly children: (data: T) => ReactNode
}

/** The four states of a view around one query: loading, error, stale, and its data. */
export function QueryView<T>({ query, skeleton, children }: QueryViewProps<T>) {
  const retry = () => void query.refetch()
  if (query.data === undefined) {
    return query.isError ? <ErrorState error={query.error} onRetry={retry} /> : skeleton
  }
  return (
    <>
      {query.isError && (
        <StaleBanner at={query.dataUpdatedAt} error={query.error} onRetry={retry} />
      )}
      {children(query.data)}
    </>
  )
}

import { lazy, Suspense } from 'react'
import styles from './chart.module.css'
import type { AlertSpan, Limit, Line, TimeRange } from './model.ts'

export interface ChartProps {
  /** What it shows, for people who do not see it. */
  readonly title: string
  readonly lines: readonly Line[]
  readonly range: TimeRange
  readonly limits?: readonly Limit[]
  readonly spans?: readonly AlertSpan[]
  /** Height in pixels, time axis included. */
  readonly height?: number
  /** Pixels kept free at the right, where lanes below have their names. */
  readonly gutter?: number
  /** False where lanes below carry the time axis. */
  readonly timeAxis?: boolean
  /** A dragged range, or null after a double-click: back to where it came from. */
  readonly onRange?: (range: TimeRange | null) => void
}

export const CHART_HEIGHT = 200

const Plotted = lazy(async () => ({ default: (await import('./plotted.tsx')).Plotted }))

/** A chart of metrics over time. The plotting library comes with the first chart that is shown. */
export function Chart(props: ChartProps) {
  const height = props.height ?? CHART_HEIGHT
  return (
    <Suspense fallback={<div className={styles.waiting} style={{ height }} />}>
      <Plotted {...props} />
    </Suspense>
  )
}

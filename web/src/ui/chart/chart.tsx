import { lazy, Suspense } from 'react'
import styles from './chart.module.css'
import { CHART_HEIGHT, type ChartProps } from './model.ts'

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

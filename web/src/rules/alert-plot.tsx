import type { AlertDetail, DeviceType } from '@pulse/contract'
import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { lineOf, metricInfo, unitsOf } from '../stream/metric-lines.ts'
import { telemetryQuery } from '../stream/queries.ts'
import { useTrimmed } from '../stream/use-range.ts'
import { Chart } from '../ui/chart/index.ts'
import { useNow } from '../ui/now.ts'
import { plotWords } from './reason-words.ts'
import { plotRange } from './story.ts'

interface AlertPlotProps {
  readonly alert: AlertDetail
  readonly type: DeviceType | undefined
}

const STEP_MS = 5000

/** The metric that the rule reads, its limits, and the alert's life as a tint. */
export function AlertPlot({ alert, type }: AlertPlotProps) {
  const now = useNow()
  const { from, to } = plotRange(alert, Math.ceil(now / STEP_MS) * STEP_MS)
  const asked = useMemo(() => ({ from, to }), [from, to])
  const metric = alert.plot?.metric ?? ''
  const { data } = useQuery({
    ...telemetryQuery({ device: alert.device, metrics: [metric], range: asked, points: 400 }),
    enabled: metric !== '',
  })
  const range = useTrimmed(asked, data?.series)
  const lines = useMemo(
    () => [lineOf(metricInfo(metric, undefined, type), data?.series ?? [])],
    [metric, type, data],
  )
  const { openedAt, clearedAt, severity } = alert
  const spans = useMemo(
    () => [
      {
        from: Date.parse(openedAt),
        to: clearedAt === null ? null : Date.parse(clearedAt),
        severity,
      },
    ],
    [openedAt, clearedAt, severity],
  )
  const plot = useMemo(() => plotWords(alert.plot, unitsOf(type)), [alert.plot, type])
  if (!plot) return null
  return (
    <Chart
      title={`${metric} of ${alert.deviceName}`}
      lines={lines}
      range={range}
      limits={plot.limits}
      spans={spans}
      height={190}
    />
  )
}

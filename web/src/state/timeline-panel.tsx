import type { AlertDetail, DeviceDetail, DeviceType } from '@pulse/contract'
import { useQuery } from '@tanstack/react-query'
import { useRouter } from '@tanstack/react-router'
import { useMemo } from 'react'
import { lineOf, type MetricInfo, metricsOf } from '../stream/metric-lines.ts'
import { MetricMenu } from '../stream/metric-menu.tsx'
import { telemetryQuery } from '../stream/queries.ts'
import { RangePicker } from '../stream/range-picker.tsx'
import { type PageRange, usePageRange, useTrimmed } from '../stream/use-range.ts'
import { Chart, Lanes, rangeLabel } from '../ui/chart/index.ts'
import { Chip } from '../ui/chip.tsx'
import { Panel } from '../ui/panel.tsx'
import { StaleBanner } from '../ui/states.tsx'
import { useSearchState } from '../ui/use-search-state.ts'
import classes from './device.module.css'
import { timelineQuery } from './queries.ts'
import { deviceSearch } from './search.ts'
import { type LaneName, laneNames, lanesOf, spansOf } from './timeline-lanes.ts'

const GUTTER = 88

interface TimelinePanelProps {
  readonly device: DeviceDetail
  readonly type: DeviceType | undefined
  /** The metric to begin with, and the limits to draw with it. */
  readonly plot: AlertDetail['plot']
}

const listOf = (text: string | undefined) => text?.split(',').filter(Boolean) ?? []

/** Values and what happened beside them, on one time axis. */
export function TimelinePanel({ device, type, plot }: TimelinePanelProps) {
  const page = usePageRange()
  const router = useRouter()
  const { hide, toggle } = useHiddenLanes()
  const all = useMemo(() => metricsOf(device, type), [device, type])
  const { shown, choose } = useShownMetrics(all, plot?.metric)
  const names = shown.map((info) => info.name)
  const { telemetry, range, lines, spans, lanes } = useTimeline(device.key, shown, page)
  const limits = plot && names.includes(plot.metric) ? plot.limits : undefined
  return (
    <Panel
      title="Timeline"
      meta={rangeLabel(range, Date.now())}
      actions={
        <>
          <LaneChips hidden={hide} onToggle={toggle} />
          <MetricMenu all={all} shown={names} onChoose={choose} />
          <RangePicker page={page} />
        </>
      }
    >
      {telemetry.isError && <StaleBanner at={telemetry.dataUpdatedAt} error={telemetry.error} />}
      <div className={classes.timeline}>
        {names.length > 0 && (
          <Chart
            title={`${shown.map((info) => info.title).join(', ')} of ${device.name}`}
            lines={lines}
            range={range}
            spans={spans}
            {...(limits ? { limits } : {})}
            height={190}
            gutter={GUTTER}
            timeAxis={false}
            onRange={page.drag}
          />
        )}
        <Lanes
          lanes={lanes.filter((lane) => !hide.includes(lane.name))}
          range={range}
          gutter={GUTTER}
          onOpen={(href) => router.history.push(href)}
        />
      </div>
    </Panel>
  )
}

interface LaneChipsProps {
  readonly hidden: readonly string[]
  readonly onToggle: (name: LaneName) => void
}

function LaneChips({ hidden, onToggle }: LaneChipsProps) {
  return laneNames.map((name) => (
    <Chip key={name} active={!hidden.includes(name)} onClick={() => onToggle(name)}>
      {name}
    </Chip>
  ))
}

/** What the panel draws, over the window of the page or, if nobody chose one, over what there is. */
function useTimeline(device: string, shown: readonly MetricInfo[], page: PageRange) {
  const metrics = shown.map((info) => info.name)
  const telemetry = useQuery({
    ...telemetryQuery({ device, metrics, range: page.range }),
    enabled: metrics.length > 0,
  })
  const series = telemetry.data?.series
  const range = useTrimmed(page.range, page.usual ? series : undefined)
  const { data: timeline } = useQuery(timelineQuery(device, page.range))
  const key = metrics.join()
  // biome-ignore lint/correctness/useExhaustiveDependencies: the names stand for what is shown
  const lines = useMemo(() => shown.map((info) => lineOf(info, series ?? [])), [series, key])
  const spans = useMemo(() => spansOf(timeline), [timeline])
  const lanes = useMemo(() => lanesOf(timeline), [timeline])
  return { telemetry, range, lines, spans, lanes }
}

function useHiddenLanes() {
  const [search, setSearch] = useSearchState(deviceSearch)
  const hide = listOf(search.hide)
  const toggle = (name: LaneName) => {
    const next = hide.includes(name) ? hide.filter((each) => each !== name) : [...hide, name]
    setSearch({ hide: next.length > 0 ? next.join(',') : undefined })
  }
  return { hide, toggle }
}

/** The metrics that are drawn: those of the URL, else what the alert's rule reads, else the first. */
function useShownMetrics(all: readonly MetricInfo[], alerting: string | undefined) {
  const [search, setSearch] = useSearchState(deviceSearch)
  const metrics = listOf(search.metrics)
  const named = all.filter((info) => metrics.includes(info.name))
  const usual = all.find((info) => info.name === alerting) ?? all[0]
  const shown = named.length > 0 ? named : usual ? [usual] : []
  const choose = (names: readonly string[]) => setSearch({ metrics: names.join(',') })
  return { shown, choose }
}

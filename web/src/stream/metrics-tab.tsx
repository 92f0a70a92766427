import { Button } from '@mantine/core'
import type { DeviceDetail } from '@pulse/contract'
import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { typesQuery } from '../registry/queries.ts'
import { deviceSearch } from '../state/search.ts'
import { Chart, rangeLabel, type TimeRange } from '../ui/chart/index.ts'
import { Chip } from '../ui/chip.tsx'
import { formatValue } from '../ui/format.ts'
import { Panel } from '../ui/panel.tsx'
import { EmptyState, ErrorState, StaleBanner } from '../ui/states.tsx'
import { useSearchState } from '../ui/use-search-state.ts'
import { lineOf, type MetricInfo, metricsOf } from './metric-lines.ts'
import { telemetryQuery } from './queries.ts'
import { RangePicker } from './range-picker.tsx'
import classes from './stream.module.css'
import { type PageRange, usePageRange, useTrimmed } from './use-range.ts'

const PER_SCREEN = 6

/** A chart per metric, six to a screen; chips choose which. */
export function MetricsTab({ device }: { readonly device: DeviceDetail }) {
  const { data: types } = useQuery(typesQuery())
  const type = types?.get(device.type)
  const all = useMemo(() => metricsOf(device, type), [device, type])
  const page = usePageRange()
  const { chosen, toggle, screen, setScreen } = useChosen(all)
  const screens = Math.max(1, Math.ceil(chosen.length / PER_SCREEN))
  const at = Math.min(screen, screens)
  const shown = chosen.slice((at - 1) * PER_SCREEN, at * PER_SCREEN)
  if (all.length === 0) {
    return (
      <Panel label="Metrics">
        <EmptyState title="No metrics yet">
          Charts appear with the first telemetry message of this device.
        </EmptyState>
      </Panel>
    )
  }
  return (
    <>
      <div className={classes.bar}>
        {all.length > 1 &&
          all.map((info) => (
            <Chip key={info.name} active={chosen.includes(info)} onClick={() => toggle(info.name)}>
              {info.title}
            </Chip>
          ))}
        <span className={classes.right}>
          <span className="muted">{rangeLabel(page.range, Date.now())}</span>
          {screens > 1 && <Screens at={at} of={screens} onChange={setScreen} />}
          <RangePicker page={page} />
        </span>
      </div>
      <Charts device={device} shown={shown} page={page} />
    </>
  )
}

interface ScreensProps {
  readonly at: number
  readonly of: number
  readonly onChange: (screen: number) => void
}

function Screens({ at, of, onChange }: ScreensProps) {
  return (
    <>
      <Button size="compact-xs" disabled={at <= 1} onClick={() => onChange(at - 1)}>
        Previous six
      </Button>
      <span>
        {at} of {of}
      </span>
      <Button size="compact-xs" disabled={at >= of} onClick={() => onChange(at + 1)}>
        Next six
      </Button>
    </>
  )
}

interface ChartsProps {
  readonly device: DeviceDetail
  readonly shown: readonly MetricInfo[]
  readonly page: PageRange
}

function Charts({ device, shown, page }: ChartsProps) {
  const metrics = shown.map((info) => info.name)
  const query = useQuery(
    telemetryQuery({ device: device.key, metrics, range: page.range, points: 400 }),
  )
  const range = useTrimmed(page.range, page.usual ? query.data?.series : undefined)
  if (query.isError && !query.data) {
    return <ErrorState error={query.error} onRetry={() => void query.refetch()} />
  }
  return (
    <>
      {query.isError && <StaleBanner at={query.dataUpdatedAt} error={query.error} />}
      <div className={classes.charts}>
        {shown.map((info) => (
          <MetricPanel
            key={info.name}
            device={device}
            info={info}
            series={query.data?.series}
            range={range}
            onRange={page.drag}
          />
        ))}
      </div>
    </>
  )
}

interface MetricPanelProps {
  readonly device: DeviceDetail
  readonly info: MetricInfo
  readonly series: Parameters<typeof lineOf>[1] | undefined
  readonly range: TimeRange
  readonly onRange: (range: TimeRange | null) => void
}

function MetricPanel({ device, info, series, range, onRange }: MetricPanelProps) {
  const { name, title, unit, boolean } = info
  const lines = useMemo(
    () => [lineOf({ name, title, unit, boolean }, series ?? [])],
    [name, title, unit, boolean, series],
  )
  const latest = device.metrics[name]
  return (
    <Panel
      title={title}
      meta={title === name ? undefined : <span className="mono">{name}</span>}
      actions={
        latest && (
          <span>
            <b className={classes.now}>{formatValue(latest.value)}</b> {unit}
          </span>
        )
      }
    >
      <div className={classes.chart}>
        <Chart
          title={`${title} of ${device.name}`}
          lines={lines}
          range={range}
          height={168}
          onRange={onRange}
        />
      </div>
    </Panel>
  )
}

/** The metrics that the URL names, else all; and which screen of six. */
function useChosen(all: readonly MetricInfo[]) {
  const [search, setSearch] = useSearchState(deviceSearch)
  const names = search.metrics?.split(',') ?? []
  const named = all.filter((info) => names.includes(info.name))
  const chosen = named.length > 0 ? named : all
  const toggle = (name: string) => {
    // The first click on one of all shows that one alone, which is what one looks for.
    const alone = named.length === 0
    const on = chosen.some((info) => info.name === name)
    const rest = chosen.filter((info) => info.name !== name).map((info) => info.name)
    const next = alone ? [name] : on ? rest : [...rest, name]
    const everything = next.length === 0 || next.length === all.length
    setSearch({ metrics: everything ? undefined : next.join(','), screen: undefined })
  }
  const setScreen = (screen: number) => setSearch({ screen: screen === 1 ? undefined : screen })
  return { chosen, toggle, screen: search.screen ?? 1, setScreen }
}

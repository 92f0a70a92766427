import 'uplot/dist/uPlot.min.css'
import {
  type KeyboardEvent,
  type RefObject,
  useContext,
  useEffect,
  useId,
  useRef,
  useState,
} from 'react'
import styles from './chart.module.css'
import { CrosshairContext } from './crosshair.ts'
import {
  CHART_HEIGHT,
  type ChartProps,
  COLOURED_LINES,
  type Line,
  summarise,
  type TimeRange,
} from './model.ts'
import { onThemeChange } from './palette.ts'
import { createPlot, type Plot, type PlotContent } from './plot.ts'
import { timeLabel } from './time-ticks.ts'
import { Dot, nearest, Tooltip, type TooltipHandle } from './tooltip.tsx'
import { useWidth } from './use-size.ts'
import { valueWithUnit } from './value-format.ts'

const NONE: readonly never[] = []

/** The chart itself, in a file of its own so that uPlot is loaded with the first one. */
export function Plotted(props: ChartProps) {
  const { title, lines, range } = props
  const root = useRef<HTMLDivElement>(null)
  const tip = useRef<TooltipHandle>(null)
  const summary = useId()
  const width = useWidth(root)
  const plot = usePlot(root, props, width)
  useCrosshair(plot, tip)
  const { keys, said } = useKeys(props)
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for form controls
    <div
      className={styles.chart}
      role="group"
      aria-roledescription="chart"
      aria-label={title}
      aria-describedby={summary}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: arrow keys move the crosshair
      tabIndex={0}
      onKeyDown={keys}
    >
      {lines.length > 1 && <Legend lines={lines} />}
      {unitOf(lines) && <div className={styles.unit}>{unitOf(lines)}</div>}
      <div ref={root} className={styles.plot} style={{ height: props.height ?? CHART_HEIGHT }} />
      <Tooltip handle={tip} lines={lines} range={range} />
      <p id={summary} className="sr-only">
        {lines.map((line) => told(line, range)).join(' ')}
      </p>
      <p className="sr-only" aria-live="polite">
        {said}
      </p>
    </div>
  )
}

/** The unit that all lines share. */
function unitOf(lines: readonly Line[]): string | undefined {
  const unit = lines[0]?.unit
  return lines.every((line) => line.unit === unit) ? unit : undefined
}

function Legend({ lines }: { lines: readonly Line[] }) {
  const named = lines.slice(0, COLOURED_LINES)
  const others = lines.length - named.length
  return (
    <ul className={styles.legend}>
      {named.map((line, i) => (
        <li key={line.name}>
          <Dot index={i} />
          {line.name}
        </li>
      ))}
      {others > 0 && (
        <li>
          <Dot index={COLOURED_LINES} />
          {others} others
        </li>
      )}
    </ul>
  )
}

/** One sentence per line: latest, lowest, highest. */
function told(line: Line, range: TimeRange): string {
  const found = summarise(line.series, range)
  if (!found) return `${line.name}: no data in this range.`
  const value = (number: number) => valueWithUnit(number, line)
  const latest = `latest ${value(found.latest)} at ${timeLabel(found.latestAt, range)}`
  return `${line.name}: ${latest}, lowest ${value(found.min)}, highest ${value(found.max)}.`
}

/** Builds the plot when its shape or the theme changes, and feeds it otherwise. */
function usePlot(
  root: RefObject<HTMLDivElement | null>,
  props: ChartProps,
  width: number,
): RefObject<Plot | null> {
  const { lines, range, limits = NONE, spans = NONE, height = CHART_HEIGHT } = props
  const crosshair = useContext(CrosshairContext)
  const plot = useRef<Plot | null>(null)
  const content: PlotContent = { lines, range, limits, spans }
  const latest = useRef({ content, onRange: props.onRange })
  latest.current = { content, onRange: props.onRange }
  const shape = lines.map((line) => `${line.name} ${line.boolean ?? false}`).join('\n')
  const theme = useTheme()
  const { gutter = 12, timeAxis = true } = props
  const unit = unitOf(lines)
  const drawn = width > 0

  // biome-ignore lint/correctness/useExhaustiveDependencies: size and content are fed below
  useEffect(() => {
    if (!root.current || !drawn) return
    const frame = { width, height, gutter, timeAxis, top: unit ? 20 : 8 }
    plot.current = createPlot(root.current, latest.current.content, frame, {
      onHover: crosshair.set,
      onRange: (dragged) => latest.current.onRange?.(dragged),
    })
    return () => {
      plot.current?.destroy()
      plot.current = null
    }
  }, [root, shape, theme, gutter, timeAxis, drawn, crosshair, unit])

  useEffect(() => plot.current?.resize(width, height), [width, height])
  useEffect(
    () => plot.current?.update({ lines, range, limits, spans }),
    [lines, range, limits, spans],
  )
  return plot
}

function useTheme(): number {
  const [changes, setChanges] = useState(0)
  useEffect(() => onThemeChange(() => setChanges((count) => count + 1)), [])
  return changes
}

function useCrosshair(plot: RefObject<Plot | null>, tip: RefObject<TooltipHandle | null>) {
  const crosshair = useContext(CrosshairContext)
  useEffect(
    () =>
      crosshair.subscribe((at) => {
        plot.current?.point(at)
        tip.current?.show(at, at === null ? 0 : (plot.current?.left(at) ?? 0))
      }),
    [crosshair, plot, tip],
  )
}

/** Arrows move the crosshair from point to point, `+` zooms in, `0` goes back, `Esc` hides it. */
function useKeys({ lines, range, onRange }: ChartProps) {
  const crosshair = useContext(CrosshairContext)
  const [said, setSaid] = useState('')
  const index = useRef(-1)
  const t = (lines[0]?.series.t ?? []).filter((at) => at >= range.from && at <= range.to)

  const move = (by: number) => {
    if (t.length === 0) return
    const from = index.current < 0 ? t.length - 1 - by : index.current
    index.current = Math.min(Math.max(from + by, 0), t.length - 1)
    const at = t[index.current] as number
    crosshair.set(at)
    setSaid(`${timeLabel(at, range)} ${lines.map((line) => valueAt(line, at)).join(', ')}`)
  }
  const zoom = () => {
    const middle = t[index.current] ?? (range.from + range.to) / 2
    const quarter = (range.to - range.from) / 4
    onRange?.({ from: middle - quarter, to: middle + quarter })
  }
  const hide = () => {
    index.current = -1
    crosshair.set(null)
  }
  const keys = (event: KeyboardEvent) => {
    const far = event.shiftKey ? 10 : 1
    if (event.key === 'ArrowLeft') move(-far)
    else if (event.key === 'ArrowRight') move(far)
    else if (event.key === '+') zoom()
    else if (event.key === '0') onRange?.(null)
    else if (event.key === 'Escape') hide()
    else return
    event.preventDefault()
  }
  return { keys, said }
}

function valueAt(line: Line, at: number): string {
  const value = line.series.mean[nearest(line.series.t, at)]
  return `${line.name} ${typeof value === 'number' ? valueWithUnit(value, line) : 'no data'}`
}

import uPlot from 'uplot'
import { formatValue } from '../format.ts'
import { chartFont, drawGaps, drawLimits, drawSpans, nameGaps } from './draw.ts'
import {
  type AlertSpan,
  align,
  COLOURED_LINES,
  type Limit,
  type Line,
  sharedGaps,
  type TimeRange,
  valueRange,
} from './model.ts'
import { type Palette, readPalette, translucent } from './palette.ts'
import { timeTicks } from './time-ticks.ts'
import { axisNumber } from './value-format.ts'

/** Width of the value axis and of what lies right of the plot, shared with the lanes below. */
export const AXIS_WIDTH = 48

/** Everything that a plot shows; a new one replaces the old. */
export interface PlotContent {
  readonly lines: readonly Line[]
  readonly range: TimeRange
  readonly limits: readonly Limit[]
  readonly spans: readonly AlertSpan[]
}

export interface PlotFrame {
  readonly width: number
  readonly height: number
  /** Pixels kept free above, where the unit stands. */
  readonly top: number
  /** Pixels kept free at the right. */
  readonly gutter: number
  /** False where a lane below carries the time axis. */
  readonly timeAxis: boolean
}

export interface PlotEvents {
  /** The crosshair moved by pointer; null when it left. */
  readonly onHover: (at: number | null) => void
  /** A range was dragged; null on double-click. */
  readonly onRange: (range: TimeRange | null) => void
}

export interface Plot {
  readonly update: (content: PlotContent) => void
  readonly resize: (width: number, height: number) => void
  /** Moves the crosshair to a time, for every chart of the page. */
  readonly point: (at: number | null) => void
  /** Pixels from the left edge of the chart to a time. */
  readonly left: (at: number) => number
  readonly destroy: () => void
}

/** Draws lines into `root`. Number, names and kinds of lines stay the same for its life. */
export function createPlot(
  root: HTMLElement,
  content: PlotContent,
  frame: PlotFrame,
  events: PlotEvents,
): Plot {
  const live: Live = { content, gaps: gapsIn(content), quiet: false }
  const options = optionsOf(live, frame, readPalette(root), events)
  const plot = new uPlot(options, dataOf(content.lines), root)
  return {
    update(next) {
      live.content = next
      live.gaps = gapsIn(next)
      plot.batch(() => {
        plot.setData(dataOf(next.lines), false)
        plot.setScale('x', { min: next.range.from, max: next.range.to })
      })
    },
    resize: (width, height) => plot.setSize({ width, height }),
    point(at) {
      live.quiet = true
      const left = at === null ? -10 : plot.valToPos(at, 'x')
      plot.setCursor({ left, top: at === null ? -10 : 0 }, false)
      live.quiet = false
    },
    left: (at) => plot.valToPos(at, 'x') + AXIS_WIDTH,
    destroy: () => plot.destroy(),
  }
}

/** What the hooks of a plot read: the content of now. */
interface Live {
  content: PlotContent
  gaps: readonly TimeRange[]
  /** True while the crosshair is moved from outside: that must not be told as a hover. */
  quiet: boolean
}

function optionsOf(
  live: Live,
  frame: PlotFrame,
  palette: Palette,
  events: PlotEvents,
): uPlot.Options {
  const { lines } = live.content
  const switches = lines.every((line) => line.boolean)
  return {
    ms: 1,
    width: frame.width,
    height: frame.height,
    padding: [frame.top, frame.gutter, frame.timeAxis ? 0 : 8, 0],
    legend: { show: false },
    series: [{}, ...lines.flatMap((line, i) => seriesOf(line, i, palette))],
    bands: bandsOf(lines, palette),
    scales: {
      x: { time: true, range: () => [live.content.range.from, live.content.range.to] },
      y: {
        range: (_, low, high) => (switches ? [-0.15, 1.15] : valueRange(low, high, live.content)),
      },
    },
    axes: [timeAxis(frame.timeAxis, palette), valueAxis(palette, switches)],
    cursor: cursorOf(events),
    hooks: {
      drawClear: [
        (self) => drawGaps(self, live.gaps, palette),
        (self) => drawSpans(self, live.content.spans, palette),
      ],
      draw: [
        (self) => nameGaps(self, live.gaps, palette),
        (self) => drawLimits(self, live.content.limits, palette),
      ],
      setSelect: [(self) => zoom(self, events)],
      setCursor: [(self) => !live.quiet && hover(self, events)],
    },
  }
}

function gapsIn(content: PlotContent): TimeRange[] {
  const all = content.lines.map((line) => line.series)
  return sharedGaps(all, content.range)
}

function dataOf(lines: readonly Line[]): uPlot.AlignedData {
  const aligned = align(lines.map((line) => line.series))
  const columns = aligned.columns.flatMap((column) => {
    const { mean } = column
    return [mean, column.min ?? mean, column.max ?? mean]
  })
  return [aligned.t, ...columns]
}

/** Three columns per line, so that a change between raw and buckets changes data alone. */
function seriesOf(line: Line, index: number, palette: Palette): uPlot.Series[] {
  const stroke = palette.lines[index] ?? palette.others
  const steps = line.boolean ? uPlot.paths.stepped?.({ align: 1 }) : undefined
  const edge: uPlot.Series = { width: 0, points: { show: false }, ...(steps && { paths: steps }) }
  const main: uPlot.Series = {
    label: line.name,
    stroke,
    width: 1.6,
    points: { show: false },
    ...(index >= COLOURED_LINES && { alpha: 0.5 }),
    ...(steps && { paths: steps }),
  }
  return [main, edge, edge]
}

function bandsOf(lines: readonly Line[], palette: Palette): uPlot.Band[] {
  return lines.map((_, i) => ({
    series: [i * 3 + 3, i * 3 + 2],
    fill: translucent(palette.lines[i] ?? palette.others, 0.24),
  }))
}

function timeAxis(show: boolean, palette: Palette): uPlot.Axis {
  const most = (self: uPlot) => Math.max(2, Math.floor(self.bbox.width / devicePixelRatio / 110))
  const ticks = (self: uPlot, from: number, to: number) => timeTicks({ from, to }, most(self))
  return {
    show,
    size: 28,
    gap: 6,
    stroke: palette.text,
    font: chartFont(),
    grid: { show: false },
    ticks: { show: false },
    splits: (self, _, from, to) => ticks(self, from, to).map((tick) => tick.at),
    values: (self, splits) => {
      const labels = ticks(self, self.scales.x?.min ?? 0, self.scales.x?.max ?? 1)
      return splits.map((at) => labels.find((tick) => tick.at === at)?.label ?? '')
    },
  }
}

function valueAxis(palette: Palette, switches: boolean): uPlot.Axis {
  return {
    size: AXIS_WIDTH,
    gap: 8,
    space: 30,
    stroke: palette.text,
    font: chartFont(),
    grid: { stroke: palette.grid, width: 1 },
    ticks: { show: false },
    ...(switches && { splits: () => [0, 1] }),
    values: (...[, splits, , , step]) =>
      splits.map((value) => (switches ? formatValue(value >= 0.5) : axisNumber(value, step))),
  }
}

/** How near a point must be to the crosshair to be marked. */
const HOVER_PX = 24

function cursorOf(events: PlotEvents): uPlot.Cursor {
  return {
    x: true,
    y: false,
    drag: { x: true, y: false, setScale: false, dist: 5 },
    points: { size: 7 },
    hover: { prox: HOVER_PX },
    bind: {
      dblclick: () => () => {
        events.onRange(null)
        return null
      },
      mouseleave: (_self, _target, handler) => (event) => {
        events.onHover(null)
        return handler(event)
      },
    },
  }
}

function zoom(self: uPlot, events: PlotEvents): void {
  const { left, width } = self.select
  if (width < 5) return
  events.onRange({ from: self.posToVal(left, 'x'), to: self.posToVal(left + width, 'x') })
  self.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false)
}

function hover(self: uPlot, events: PlotEvents): void {
  const { left } = self.cursor
  if (left === undefined || left < 0) return
  events.onHover(self.posToVal(left, 'x'))
}

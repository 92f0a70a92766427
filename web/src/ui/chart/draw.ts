import type uPlot from 'uplot'
import type { AlertSpan, Limit, TimeRange } from './model.ts'
import { type Palette, translucent } from './palette.ts'

const FONT_PX = 11
const FONT = '"Inter Variable", system-ui, sans-serif'

const SPAN_SHARE = 0.09

/** Canvas font of axis labels and words on lines; in device pixels where `ratio` is given. */
export const chartFont = (ratio = 1): string => `${FONT_PX * ratio}px ${FONT}`

/** Tints the life of each alert, behind everything. */
export function drawSpans(plot: uPlot, spans: readonly AlertSpan[], palette: Palette): void {
  const { ctx, bbox } = plot
  ctx.save()
  for (const span of spans) {
    const [left, right] = edges(plot, { from: span.from, to: span.to ?? Number.MAX_SAFE_INTEGER })
    if (right <= left) continue
    ctx.fillStyle = translucent(palette.severity[span.severity], SPAN_SHARE)
    ctx.fillRect(left, bbox.top, right - left, bbox.height)
  }
  ctx.restore()
}

/** Hatches where there is no data. */
export function drawGaps(plot: uPlot, gaps: readonly TimeRange[], palette: Palette): void {
  const { ctx, bbox } = plot
  const ratio = devicePixelRatio
  for (const gap of gaps) {
    const [left, right] = edges(plot, gap)
    if (right - left < 2 * ratio) continue
    ctx.save()
    ctx.beginPath()
    ctx.rect(left, bbox.top, right - left, bbox.height)
    ctx.clip()
    ctx.fillStyle = palette.noData
    ctx.fill()
    hatch(plot, [left, right], palette)
    ctx.restore()
  }
}

/** Says "no data" in the gaps where the words fit; after the grid, which would cross them. */
export function nameGaps(plot: uPlot, gaps: readonly TimeRange[], palette: Palette): void {
  const ratio = devicePixelRatio
  for (const gap of gaps) {
    const [left, right] = edges(plot, gap)
    if (right - left >= 52 * ratio) words(plot, 'no data', left + 5 * ratio, palette)
  }
}

function hatch(plot: uPlot, [left, right]: [number, number], palette: Palette): void {
  const { ctx, bbox } = plot
  const ratio = devicePixelRatio
  ctx.strokeStyle = palette.hatch
  ctx.lineWidth = ratio
  ctx.beginPath()
  for (let x = left - bbox.height; x < right; x += 7 * ratio) {
    ctx.moveTo(x, bbox.top + bbox.height)
    ctx.lineTo(x + bbox.height, bbox.top)
  }
  ctx.stroke()
}

function words(plot: uPlot, text: string, x: number, palette: Palette): void {
  const { ctx, bbox } = plot
  const ratio = devicePixelRatio
  ctx.save()
  ctx.font = chartFont(ratio)
  ctx.textBaseline = 'top'
  ctx.textAlign = 'left'
  ctx.fillStyle = palette.noData
  ctx.fillRect(
    x - 2 * ratio,
    bbox.top + 3 * ratio,
    ctx.measureText(text).width + 4 * ratio,
    15 * ratio,
  )
  ctx.fillStyle = palette.text
  ctx.fillText(text, x, bbox.top + 5 * ratio)
  ctx.restore()
}

function edges(plot: uPlot, span: TimeRange): [number, number] {
  const { bbox } = plot
  const left = Math.max(plot.valToPos(span.from, 'x', true), bbox.left)
  const right = Math.min(plot.valToPos(span.to, 'x', true), bbox.left + bbox.width)
  return [Math.round(left), Math.round(right)]
}

/** Draws each limit as a dashed line with its words on it. */
export function drawLimits(plot: uPlot, limits: readonly Limit[], palette: Palette): void {
  const { ctx, bbox } = plot
  const ratio = devicePixelRatio
  ctx.save()
  ctx.font = chartFont(ratio)
  ctx.textBaseline = 'bottom'
  ctx.textAlign = 'left'
  for (const limit of limits) {
    const y = Math.round(plot.valToPos(limit.value, 'y', true)) + 0.5
    if (y < bbox.top || y > bbox.top + bbox.height) continue
    const colour = limit.kind === 'open' ? palette.open : palette.clear
    ctx.strokeStyle = colour
    ctx.lineWidth = ratio
    ctx.setLineDash(limit.kind === 'open' ? [5 * ratio, 3 * ratio] : [2 * ratio, 3 * ratio])
    ctx.beginPath()
    ctx.moveTo(bbox.left, y)
    ctx.lineTo(bbox.left + bbox.width, y)
    ctx.stroke()
    ctx.fillStyle = colour
    ctx.fillText(limit.text, bbox.left + 6 * ratio, y - 3 * ratio)
  }
  ctx.restore()
}

import type { Series, Severity } from '@pulse/contract'

/** A span of time in epoch milliseconds; `from` lies before `to`. */
export interface TimeRange {
  readonly from: number
  readonly to: number
}

/** One metric as a chart draws it. */
export interface Line {
  /** What a person calls it. */
  readonly name: string
  readonly unit?: string | undefined
  /** Booleans are drawn as steps and told as on and off. */
  readonly boolean?: boolean
  readonly series: Series
}

/** A limit of a rule, drawn dashed with its words on the line. */
export interface Limit {
  readonly value: number
  readonly text: string
  readonly kind: 'open' | 'clear'
}

/** The life of an alert, drawn as a tint behind the lines; `to` is null while it is open. */
export interface AlertSpan {
  readonly from: number
  readonly to: number | null
  readonly severity: Severity
}

/** How many lines have a colour of their own; what is beyond is drawn as "others". */
export const COLOURED_LINES = 6

/** Latest, lowest and highest value in a range; null where it holds none. */
export interface Summary {
  readonly latest: number
  readonly latestAt: number
  readonly min: number
  readonly max: number
}

/** Says in numbers what a line shows, for people who do not see it. */
export function summarise(series: Series, range: TimeRange): Summary | null {
  let found: { latest: number; latestAt: number; min: number; max: number } | null = null
  for (let i = 0; i < series.t.length; i++) {
    const at = series.t[i] as number
    const mean = series.mean[i]
    if (mean === null || mean === undefined || at < range.from || at > range.to) continue
    const low = series.min?.[i] ?? mean
    const high = series.max?.[i] ?? mean
    found ??= { latest: mean, latestAt: at, min: low, max: high }
    found = {
      latest: mean,
      latestAt: at,
      min: Math.min(found.min, low),
      max: Math.max(found.max, high),
    }
  }
  return found
}

/** The least share of the range that is worth the words "no data" at its edges. */
const EDGE_SHARE = 0.03

/**
 * Where a series has no data: around every null, and at both ends of the range when the first or
 * last point is further away than a few usual steps.
 */
export function gapsOf(series: Series, range: TimeRange): TimeRange[] {
  const at = series.t.filter((_, i) => series.mean[i] !== null)
  const first = at[0]
  const last = at.at(-1)
  if (first === undefined || last === undefined) return [range]
  const edge = Math.max(4 * usualStep(at), EDGE_SHARE * (range.to - range.from))
  const gaps: TimeRange[] = []
  if (first - range.from > edge) gaps.push({ from: range.from, to: first })
  gaps.push(...innerGaps(series))
  if (range.to - last > edge) gaps.push({ from: last, to: range.to })
  return gaps
}

function innerGaps(series: Series): TimeRange[] {
  const gaps: TimeRange[] = []
  let before: number | undefined
  let open = false
  for (let i = 0; i < series.t.length; i++) {
    const at = series.t[i] as number
    if (series.mean[i] === null) {
      open = before !== undefined
      continue
    }
    if (open && before !== undefined) gaps.push({ from: before, to: at })
    open = false
    before = at
  }
  return gaps
}

function usualStep(at: readonly number[]): number {
  const steps = at.slice(1).map((time, i) => time - (at[i] as number))
  steps.sort((a, b) => a - b)
  return steps[Math.floor(steps.length / 2)] ?? 0
}

/** Where none of the series has data. */
export function sharedGaps(all: readonly Series[], range: TimeRange): TimeRange[] {
  const [first, ...rest] = all.map((series) => gapsOf(series, range))
  if (!first) return [range]
  return rest.reduce((shared, gaps) => intersect(shared, gaps), first)
}

function intersect(a: readonly TimeRange[], b: readonly TimeRange[]): TimeRange[] {
  return a.flatMap((one) =>
    b
      .map((other) => ({
        from: Math.max(one.from, other.from),
        to: Math.min(one.to, other.to),
      }))
      .filter((both) => both.from < both.to),
  )
}

/** A column per value that is drawn; `undefined` is "nothing at this time", null a gap. */
type Column = (number | null | undefined)[]

/** Puts lines over one time axis, as the plot wants them. In `columns`: mean, min, max per line. */
export interface Aligned {
  readonly t: number[]
  readonly columns: { readonly mean: Column; readonly min?: Column; readonly max?: Column }[]
}

/** Merges the times of all series; a series that is alone is passed through. */
export function align(all: readonly Series[]): Aligned {
  const [only] = all
  if (only && all.length === 1) return { t: only.t, columns: [bounded(only)] }
  const t = [...new Set(all.flatMap((series) => series.t))].sort((a, b) => a - b)
  const place = new Map(t.map((at, i) => [at, i]))
  const spread = (series: Series, values: readonly (number | null)[]): Column => {
    const column: Column = new Array(t.length).fill(undefined)
    series.t.forEach((at, i) => {
      column[place.get(at) as number] = values[i] ?? null
    })
    return column
  }
  const columns = all.map((series) => ({
    mean: spread(series, series.mean),
    ...(series.min && series.max
      ? { min: spread(series, series.min), max: spread(series, series.max) }
      : {}),
  }))
  return { t, columns }
}

function bounded(series: Series): Aligned['columns'][number] {
  if (!series.min || !series.max) return { mean: series.mean }
  return { mean: series.mean, min: series.min, max: series.max }
}

/**
 * Lowest and highest of what should be visible, limits included, with some air; but none below
 * zero or above 100 % for values that never are there.
 */
export function valueRange(
  low: number | null,
  high: number | null,
  { limits, lines }: { readonly limits: readonly Limit[]; readonly lines: readonly Line[] },
): [number, number] {
  const values = limits.map((limit) => limit.value)
  if (low !== null) values.push(low)
  if (high !== null) values.push(high)
  if (values.length === 0) return [0, 1]
  const min = Math.min(...values)
  const max = Math.max(...values)
  const air = (max - min) * 0.12 || Math.max(Math.abs(max) * 0.05, 0.5)
  const share = max <= 100 && lines.every((line) => line.unit === '%')
  return [
    min >= 0 && min - air < 0 ? 0 : min - air,
    share && max + air > 100 ? 100 + air / 10 : max + air,
  ]
}

/** What a chart is given. */
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

/** Height of a chart in pixels where none is given. */
export const CHART_HEIGHT = 200

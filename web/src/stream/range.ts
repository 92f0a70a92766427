import type { Series } from '@pulse/contract'
import { z } from 'zod'
import type { TimeRange } from '../ui/chart/index.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** Ranges at one's fingertips, and how often a window of that length moves on while live. */
export const presets = [
  { key: '15m', label: '15 min', ms: 15 * MINUTE, moveMs: 2 * SECOND },
  { key: '1h', label: '1 h', ms: HOUR, moveMs: 5 * SECOND },
  { key: '6h', label: '6 h', ms: 6 * HOUR, moveMs: 15 * SECOND },
  { key: '24h', label: '24 h', ms: DAY, moveMs: MINUTE },
  { key: '7d', label: '7 d', ms: 7 * DAY, moveMs: 5 * MINUTE },
] as const
export type PresetKey = (typeof presets)[number]['key']

const presetKeys = presets.map((preset) => preset.key) as [PresetKey, ...PresetKey[]]

/** What a URL says of the range; nothing means the last quarter of an hour, live. */
export const rangeSearch = z.object({
  range: z.enum(presetKeys).optional().catch(undefined),
  /** Fixed edges, epoch milliseconds; they win over `range`. */
  from: z.int().min(0).optional().catch(undefined),
  to: z.int().min(0).optional().catch(undefined),
})
export type RangeSearch = z.infer<typeof rangeSearch>

export const presetOf = (search: RangeSearch) =>
  presets.find((preset) => preset.key === search.range) ?? presets[0]

/** True while the window follows now. */
export const isLive = ({ from, to }: RangeSearch): boolean =>
  from === undefined || to === undefined || from >= to

/** The window that a search means at a time; a live one moves in steps, so that queries are few. */
export function resolveRange(search: RangeSearch, now: number): TimeRange {
  const { from = 0, to = 0 } = search
  if (!isLive(search)) return { from, to }
  const preset = presetOf(search)
  const end = Math.ceil(now / preset.moveMs) * preset.moveMs
  return { from: end - preset.ms, to: end }
}

/** The shortest window that can be dragged. */
const SHORTEST_MS = 10 * SECOND

/** A dragged window as the URL holds it: whole milliseconds, not below ten seconds. */
export function fixedRange(range: TimeRange): { from: number; to: number } {
  const middle = (range.from + range.to) / 2
  const half = Math.max(range.to - range.from, SHORTEST_MS) / 2
  return { from: Math.round(middle - half), to: Math.round(middle + half) }
}

/** How much of a default window may be empty before it begins where the data begins. */
const EMPTY_SHARE = 0.4
const LEAST_MS = MINUTE

/**
 * A window that shrinks to what there is: a device that began to send a minute ago is not shown
 * as a quarter of an hour of nothing. Only for windows that nobody chose.
 */
export function trimToData(range: TimeRange, all: readonly Series[]): TimeRange {
  const starts = all.map((series) => series.t[series.mean.findIndex((value) => value !== null)])
  const first = Math.min(...starts.filter((at) => at !== undefined))
  if (!Number.isFinite(first)) return range
  if (first - range.from < EMPTY_SHARE * (range.to - range.from)) return range
  return { from: Math.min(first - 5 * SECOND, range.to - LEAST_MS), to: range.to }
}

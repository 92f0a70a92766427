import { formatClock } from '../format.ts'
import type { TimeRange } from './model.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

const STEPS = [
  ...[1, 2, 5, 10, 15, 30].map((n) => n * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((n) => n * MINUTE),
  ...[1, 2, 3, 6, 12].map((n) => n * HOUR),
  ...[1, 2, 7, 14, 28].map((n) => n * DAY),
]

export interface Tick {
  readonly at: number
  readonly label: string
}

const days = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' })

/**
 * Round times within a range, in the zone of the person, at most `most` of them. Midnight is told
 * as a date, so that a range over several days can be read.
 */
export function timeTicks(range: TimeRange, most: number): Tick[] {
  const step = STEPS.find((one) => (range.to - range.from) / one <= most) ?? 28 * DAY
  const offset = -new Date(range.from).getTimezoneOffset() * MINUTE
  const ticks: Tick[] = []
  let at = Math.ceil((range.from + offset) / step) * step - offset
  for (; at <= range.to; at += step) ticks.push({ at, label: labelOf(at, step) })
  return ticks
}

function labelOf(at: number, step: number): string {
  const date = new Date(at)
  const midnight = date.getHours() === 0 && date.getMinutes() === 0 && date.getSeconds() === 0
  if (step >= DAY || (midnight && step >= MINUTE)) return days.format(date)
  return formatClock(at, step < MINUTE)
}

/** The time under the crosshair: with the date when the range is longer than a day. */
export function timeLabel(at: number, range: TimeRange): string {
  const clock = formatClock(at)
  return range.to - range.from > DAY ? `${days.format(new Date(at))} ${clock}` : clock
}

/** A range in words: "12:00 – 16:40 today", or with dates. */
export function rangeLabel(range: TimeRange, now: number): string {
  const from = new Date(range.from)
  const to = new Date(range.to)
  const today = new Date(now).toDateString()
  if (from.toDateString() === to.toDateString()) {
    const day = to.toDateString() === today ? 'today' : days.format(to)
    return `${formatClock(range.from, false)} – ${formatClock(range.to, false)} ${day}`
  }
  return `${days.format(from)} ${formatClock(range.from, false)} – ${days.format(to)} ${formatClock(range.to, false)}`
}

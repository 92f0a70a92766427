const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 })

/** `1,284`; for counts. */
export const formatCount = (count: number): string => whole.format(count)

/** A measured number at a sensible precision: `41.8`, `188`, `0.034`, `1,284`. */
export function formatValue(value: number | boolean | string | null | undefined): string {
  if (value === null || value === undefined) return '—'
  if (typeof value === 'boolean') return value ? 'on' : 'off'
  if (typeof value === 'string') return value
  const size = Math.abs(value)
  const digits = size >= 100 ? 0 : size >= 1 || size === 0 ? 1 : 3
  return new Intl.NumberFormat('en-US', {
    maximumFractionDigits: digits,
    minimumFractionDigits: size >= 1 && size < 100 && !Number.isInteger(value) ? 1 : 0,
  }).format(value)
}

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** A duration in at most two units: `2 s`, `6 min`, `3 h 12 min`, `4 d 2 h`. */
export function formatDuration(ms: number): string {
  const span = Math.max(0, ms)
  if (span < MINUTE) return `${Math.floor(span / SECOND)} s`
  if (span < HOUR) return `${Math.floor(span / MINUTE)} min`
  if (span < DAY)
    return join(Math.floor(span / HOUR), 'h', Math.floor((span % HOUR) / MINUTE), 'min')
  return join(Math.floor(span / DAY), 'd', Math.floor((span % DAY) / HOUR), 'h')
}

function join(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`
}

/** Milliseconds of work: `18 ms`, `1.2 s`. */
export function formatTook(ms: number): string {
  if (ms < 10) return `${ms.toFixed(1)} ms`
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`
}

/** `16:02:12` of the reader's own time zone. */
export function formatClock(instant: string | number, seconds = true): string {
  const date = new Date(instant)
  const parts = [date.getHours(), date.getMinutes(), ...(seconds ? [date.getSeconds()] : [])]
  return parts.map((part) => String(part).padStart(2, '0')).join(':')
}

/** `24 Nov 16:02`, without the day if that is today. */
export function formatMoment(instant: string | number, now = Date.now()): string {
  const date = new Date(instant)
  const clock = formatClock(instant, false)
  if (date.toDateString() === new Date(now).toDateString()) return clock
  return `${date.getDate()} ${date.toLocaleString('en-US', { month: 'short' })} ${clock}`
}

/** The whole truth about an instant, for a tooltip: local time with zone, and UTC. */
export function formatExact(instant: string | number): string {
  const date = new Date(instant)
  const local = date.toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'long' })
  return `${local} · ${date.toISOString()}`
}

const UTC_CLOCK = /\b(\d\d):(\d\d):(\d\d)Z/g
const HALF_DAY = 12 * HOUR

/**
 * A sentence of the server with its clock times (`16:02:19Z`) in the reader's zone, like every other
 * time on the page. `near` is an instant of the same story: it gives the day.
 */
export function localTimes(text: string, near: string): string {
  return text.replace(UTC_CLOCK, (_, hours: string, minutes: string, seconds: string) => {
    const at = new Date(near)
    at.setUTCHours(Number(hours), Number(minutes), Number(seconds), 0)
    const off = at.getTime() - Date.parse(near)
    const days = off > HALF_DAY ? -1 : off < -HALF_DAY ? 1 : 0
    return formatClock(at.getTime() + days * DAY)
  })
}

/** `1 device`, `2 devices`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`
}

import type { TraceStep } from '@pulse/contract'
import type { Condition, Limit } from './condition.ts'

/** A duration in its largest whole unit: `5 s`, `2 min`, `1 h`. */
export function duration(ms: number): string {
  if (ms % 86_400_000 === 0) return `${ms / 86_400_000} d`
  if (ms % 3_600_000 === 0) return `${ms / 3_600_000} h`
  if (ms % 60_000 === 0) return `${ms / 60_000} min`
  return `${ms / 1000} s`
}

/** `16:02:12Z`, with the date in front when it is not the day of `near`. */
export function clockTime(at: number, near: number = at): string {
  const text = new Date(at).toISOString()
  const sameDay = text.slice(0, 10) === new Date(near).toISOString().slice(0, 10)
  return `${sameDay ? '' : `${text.slice(0, 10)} `}${text.slice(11, 19)}Z`
}

const side: Readonly<Record<Limit['op'], string>> = {
  '>': 'above',
  '>=': 'at or above',
  '<': 'below',
  '<=': 'at or below',
  '==': 'at',
  '!=': 'not at',
}

/** `above 36`. */
export const beyond = (limit: Limit): string => `${side[limit.op]} ${limit.value}`

/** Values as they are told: `39.1` when the condition is about one metric, else `metrics.a = 39.1, …`. */
export function told(condition: Condition, values: TraceStep['values']): string {
  const known = Object.entries(values).filter(([, value]) => value !== null)
  if (condition.limit && known.length === 1) return String(known[0]?.[1])
  return known.map(([name, value]) => `${name} = ${String(value)}`).join(', ')
}

/** `internalTempC stayed above 36 for 5 s`, or `metrics.a && metrics.b held for 5 s`. */
export function held(condition: Condition, forMs: number): string {
  const { limit, text } = condition
  if (forMs === 0) return limit ? `${limit.metric} is ${beyond(limit)}` : `${text} is true`
  const how = limit ? `${limit.metric} stayed ${beyond(limit)}` : `${text} held`
  return `${how} for ${duration(forMs)}`
}

/** `text (39.1 at 16:02:12Z)`. */
export function withValues(
  text: string,
  condition: Condition,
  values: TraceStep['values'],
  at: number,
): string {
  const what = told(condition, values)
  return `${text} (${what === '' ? '' : `${what} `}at ${clockTime(at)})`
}

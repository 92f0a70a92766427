import type { AlertDetail, DeliverySummary, TraceStep } from '@pulse/contract'
import { formatTook } from '../ui/format.ts'

/** One line of an alert's story. */
export interface StoryLine {
  readonly key: string
  readonly at: string
  /** The value that mattered, as it was measured; null where none did. */
  readonly value: number | boolean | string | null
  /** The metric that the value is of. */
  readonly metric?: string
  readonly text: string
  /** Where it leads: a delivery. */
  readonly delivery?: string
}

/** Everything that happened to an alert, in the order of time: evaluation, people, deliveries. */
export function storyOf(alert: AlertDetail): StoryLine[] {
  const metric = alert.plot?.metric
  const lines = [
    ...alert.trace.map((step, i) => traceLine(step, i, metric)),
    ...alert.deliveries.map(deliveryLine),
    ...acknowledgedLine(alert),
    ...clearedLine(alert),
  ]
  return lines.toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at))
}

function traceLine(step: TraceStep, index: number, metric: string | undefined): StoryLine {
  const { values } = step
  const names = Object.keys(values)
  const name = names.find((each) => bare(each) === metric && values[each] !== null) ?? names[0]
  const line = { key: `trace-${index}`, at: step.at, text: step.text }
  if (name === undefined) return { ...line, value: null }
  return { ...line, value: values[name] ?? null, metric: bare(name) }
}

/** Values bear the name that the condition gives them: `metrics.tempC`. */
const bare = (operand: string) => operand.replace(/^metrics\./, '')

function deliveryLine(delivery: DeliverySummary): StoryLine {
  return {
    key: delivery.id,
    at: delivery.settledAt ?? delivery.createdAt,
    value: null,
    text: `${delivery.destinationName}: ${deliveryWords(delivery)}`,
    delivery: delivery.id,
  }
}

/** How a delivery goes, in words: "delivered in 84 ms, answer 200". */
export function deliveryWords(delivery: DeliverySummary): string {
  const { state, attempts, lastStatus, lastError } = delivery
  const reason = lastError ?? (lastStatus === null ? '' : `answer ${lastStatus}`)
  if (state === 'delivered') {
    const took =
      Date.parse(delivery.settledAt ?? delivery.createdAt) - Date.parse(delivery.createdAt)
    const tries = attempts > 1 ? ` after ${attempts} attempts` : ''
    return `${what(delivery)} delivered in ${formatTook(took)}${tries}`
  }
  if (state === 'dead') return `${what(delivery)} given up after ${attempts} attempts: ${reason}`
  if (state === 'retrying')
    return `${what(delivery)} failed ${times(attempts)}, retrying: ${reason}`
  return `${what(delivery)} waits to be sent`
}

const what = ({ event }: DeliverySummary) =>
  event === 'rules.alert-cleared' ? 'cleared notice' : 'alert'

const times = (count: number) => (count === 1 ? 'once' : `${count} times`)

/** The trace tells of it itself, but only once the server has answered. */
function acknowledgedLine(alert: AlertDetail): StoryLine[] {
  if (alert.acknowledgedAt === null) return []
  if (alert.trace.some(({ trigger }) => trigger === 'command')) return []
  const text = `${alert.acknowledgedBy ?? 'somebody'} acknowledged it`
  return [{ key: 'acknowledged', at: alert.acknowledgedAt, value: null, text }]
}

/** The trace usually tells of the clearing itself. */
function clearedLine(alert: AlertDetail): StoryLine[] {
  const last = alert.trace.at(-1)
  if (alert.clearedAt === null || (last && last.from === 'open')) return []
  return [{ key: 'cleared', at: alert.clearedAt, value: null, text: 'cleared' }]
}

/** The range of an alert's plot: from well before it opened to its end, or to now. */
export function plotRange(alert: AlertDetail, now: number): { from: number; to: number } {
  const opened = Date.parse(alert.openedAt)
  const end = alert.clearedAt === null ? now : Date.parse(alert.clearedAt)
  const first = Math.min(opened, ...alert.trace.map((step) => Date.parse(step.at)))
  const lead = Math.max((end - first) * 0.8, 5 * 60_000)
  const tail = alert.clearedAt === null ? 0 : Math.max((end - first) * 0.3, 60_000)
  return { from: Math.round(first - lead), to: Math.round(end + tail) }
}

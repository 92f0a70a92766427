import type { Timeline } from '@pulse/contract'
import type { AlertSpan, Lane, LaneItem } from '../ui/chart/index.ts'
import { formatMoment } from '../ui/format.ts'
import { statusWord } from '../ui/status.tsx'

/** The lanes of a timeline that can be shown or hidden. */
export const laneNames = ['Presence', 'Alerts', 'Events', 'Commands', 'Deliveries'] as const
export type LaneName = (typeof laneNames)[number]

/** A timeline as lanes, in their fixed order. */
export function lanesOf(timeline: Timeline | undefined): Lane[] {
  return laneNames.map((name) => ({ name, items: timeline ? makers[name](timeline) : [] }))
}

const makers: Readonly<Record<LaneName, (timeline: Timeline) => LaneItem[]>> = {
  Presence: ({ presence }) =>
    presence.map((span) => ({
      id: span.from,
      ...edges(span),
      tone: span.status,
      title: `${statusWord(span.status)} ${spanWords(span)}`,
    })),
  Alerts: ({ alerts }) =>
    alerts.map((alert) => ({
      id: alert.id,
      ...edges(alert),
      tone: alert.severity,
      title: `${alert.severity}: ${alert.title}, ${spanWords(alert)}`,
      href: `/alerts/${alert.id}`,
    })),
  Events: ({ events }) =>
    events.map((event, i) => ({
      id: `${event.at} ${i}`,
      from: Date.parse(event.at),
      tone: event.severity ?? 'neutral',
      title: `${event.name} ${event.message ?? ''} ${formatMoment(event.at)}`,
    })),
  Commands: ({ commands }) =>
    commands.map((command) => ({
      id: command.id,
      from: Date.parse(command.at),
      tone: command.state === 'expired' ? 'warning' : 'accent',
      title: `Command ${command.name}, ${command.state}, ${formatMoment(command.at)}`,
    })),
  Deliveries: ({ deliveries }) =>
    deliveries.map((delivery) => ({
      id: delivery.id,
      from: Date.parse(delivery.at),
      tone: delivery.state === 'dead' ? 'critical' : 'neutral',
      shape: 'arrow',
      title: `${delivery.event}, ${delivery.state}, ${formatMoment(delivery.at)}`,
      href: `/deliveries/${delivery.id}`,
    })),
}

interface Span {
  readonly from: string
  readonly to: string | null
}

const edges = ({ from, to }: Span) => ({
  from: Date.parse(from),
  to: to === null ? null : Date.parse(to),
})

const spanWords = ({ from, to }: Span) =>
  to === null ? `since ${formatMoment(from)}` : `${formatMoment(from)} to ${formatMoment(to)}`

/** The lives of a timeline's alerts, for the tint behind the lines. */
export const spansOf = (timeline: Timeline | undefined): AlertSpan[] =>
  (timeline?.alerts ?? []).map((alert) => ({ ...edges(alert), severity: alert.severity }))

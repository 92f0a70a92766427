import type { Overview } from '@pulse/contract'
import { Link, type LinkProps } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { formatCount, formatTook, plural } from '../ui/format.ts'
import { Sparkline } from '../ui/sparkline.tsx'
import { SeverityWord } from '../ui/status.tsx'
import classes from './overview.module.css'

interface FigureProps {
  readonly name: string
  readonly value: string
  readonly note: ReactNode
  readonly history?: readonly (number | null)[]
  readonly color?: string
  readonly fromZero?: boolean
  readonly link: Pick<LinkProps, 'to' | 'search'>
}

function Figure({ name, value, note, history, color, fromZero = false, link }: FigureProps) {
  return (
    <Link {...link} className={classes.figure}>
      <span className={classes.name}>{name}</span>
      <span className={classes.value}>{value}</span>
      {history ? (
        <Sparkline values={sinceStart(history)} fromZero={fromZero} {...(color ? { color } : {})} />
      ) : (
        <span />
      )}
      <span className={classes.note}>{note}</span>
    </Link>
  )
}

const LEAST = 12

/** Without the time before the first value, in which Pulse did not run, but never stretched far. */
function sinceStart(history: readonly (number | null)[]): readonly (number | null)[] {
  const first = history.findIndex((value) => value !== null)
  return first < 0 ? history : history.slice(Math.min(first, history.length - LEAST))
}

const share = (part: number, whole: number, digits: number) =>
  whole === 0 ? '—' : `${((100 * part) / whole).toFixed(digits).replace(/\.0+$/, '')} %`

/** The five figures; each leads to the list that it counts. */
export function Figures({ data, hours }: { readonly data: Overview; readonly hours: number }) {
  const { devices, alerts, messages, deliveries, history } = data
  const open = alerts.critical + alerts.warning + alerts.info
  return (
    <div className={classes.figures}>
      <Figure
        name="Online"
        value={share(devices.online, devices.total, 1)}
        note={`${formatCount(devices.online)} of ${formatCount(devices.total)}`}
        history={history.online}
        color="var(--online)"
        link={{ to: '/devices', search: { q: '-status:online' } }}
      />
      <Figure
        name="Open alerts"
        value={formatCount(open)}
        note={<AlertNote data={data} />}
        history={history.alerts}
        fromZero
        color={alerts.critical > 0 ? 'var(--critical)' : 'var(--ink-3)'}
        link={{ to: '/alerts', search: {} }}
      />
      <Figure
        name="Messages"
        value={`${formatRate(messages.perSecond)} /s`}
        note="stored, all devices"
        history={history.messages}
        fromZero
        link={{ to: '/devices', search: { sort: '-lastMessage' } }}
      />
      <Figure
        name={`Deliveries, ${rangeWord(hours)}`}
        value={share(deliveries.succeeded, deliveries.settled, 2)}
        note={deliveryNote(deliveries)}
        history={history.deliveries}
        link={{ to: '/deliveries', search: {} }}
      />
      <Figure
        name="Refused, last hour"
        value={formatCount(messages.refusedLastHour)}
        note={
          messages.refusedLastHour === 0 ? 'every message was stored' : 'see why, and what to do'
        }
        link={{ to: '/rejections', search: {} }}
      />
    </div>
  )
}

const formatRate = (perSecond: number) =>
  perSecond >= 10 || perSecond === 0 ? formatCount(perSecond) : perSecond.toFixed(1)

function deliveryNote({ p99Ms, deadLetters }: Overview['deliveries']): string {
  const slowest = p99Ms === null ? 'none yet' : `p99 ${formatTook(p99Ms)}`
  return `${slowest} · ${plural(deadLetters, 'dead letter')}`
}

function AlertNote({ data }: { readonly data: Overview }) {
  const shown = (['critical', 'warning', 'info'] as const).filter((name) => data.alerts[name] > 0)
  if (shown.length === 0) return 'nothing is wrong'
  return shown.map((severity, index) => (
    <SeverityWord key={severity} severity={severity}>
      {formatCount(data.alerts[severity])}
      <span className={index === 0 ? '' : 'sr-only'}> {severity}</span>
    </SeverityWord>
  ))
}

/** `last 24 h`, `last 7 d`. */
export const rangeWord = (hours: number): string =>
  hours > 48 ? `last ${hours / 24} d` : `last ${hours} h`

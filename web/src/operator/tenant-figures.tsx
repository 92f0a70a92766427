import type { OperatorTenant } from '@pulse/contract'
import type { ReactNode } from 'react'
import { ExactTime } from '../ui/exact-time.tsx'
import { formatClock, formatCount, formatExact, plural } from '../ui/format.ts'
import { Panel } from '../ui/panel.tsx'
import { Sparkline } from '../ui/sparkline.tsx'
import classes from './operator.module.css'
import { formatAbout, formatRate, formatShare, onlineShare } from './words.ts'

interface FigureProps {
  readonly name: string
  readonly value: string
  readonly note: string
  readonly children?: ReactNode
}

function Figure({ name, value, note, children }: FigureProps) {
  return (
    <div className={classes.figure}>
      <span className={classes.figureName}>{name}</span>
      <span className={classes.figureValue}>{value}</span>
      {children ?? <span />}
      <span className={classes.figureNote}>{note}</span>
    </div>
  )
}

/** Size, rate and health of a tenant, as of the last minute. */
export function TenantFigures({ tenant }: { readonly tenant: OperatorTenant }) {
  const { devices, online, openAlerts, messagesPerSecond, messagesByHour } = tenant
  const { storedMessages, deadLetters, rejectionsLastHour, retentionDays } = tenant
  const day = messagesByHour.reduce((sum, count) => sum + count, 0)
  return (
    <div className={classes.figures}>
      <Figure
        name="Online"
        value={formatShare(onlineShare(tenant))}
        note={`${formatCount(online)} of ${plural(devices, 'device')}`}
      />
      <Figure
        name="Messages"
        value={`${formatRate(messagesPerSecond)} /s`}
        note={`${formatAbout(day)} in 24 h`}
      >
        <Sparkline values={messagesByHour} fromZero />
      </Figure>
      <Figure
        name="Open alerts"
        value={formatCount(openAlerts)}
        note={openAlerts === 0 ? 'nothing is wrong' : 'of any severity'}
      />
      <Figure
        name="Stored messages"
        value={formatAbout(storedMessages)}
        note={`kept for ${plural(retentionDays, 'day')}`}
      />
      <Figure
        name="Refused, last hour"
        value={formatCount(rejectionsLastHour)}
        note={plural(deadLetters, 'dead letter')}
      />
    </div>
  )
}

const HOUR_MS = 3_600_000

/** Stored messages of each of the last 24 hours. */
export function MessagesByHour({ tenant }: { readonly tenant: OperatorTenant }) {
  const counts = tenant.messagesByHour
  const most = Math.max(...counts, 0)
  const words = most === 0 ? 'none in the last 24 hours' : `${formatCount(most)} at most`
  const thisHour = Math.floor(Date.now() / HOUR_MS) * HOUR_MS
  const hourOf = (index: number) => thisHour - (counts.length - 1 - index) * HOUR_MS
  return (
    <Panel title="Messages by hour" meta={words} padded>
      <div className={classes.bars} role="img" aria-label={`Stored messages by hour: ${words}`}>
        {counts.map((count, index) => (
          <span
            key={hourOf(index)}
            className={count === 0 ? classes.none : undefined}
            style={{ height: `${(100 * count) / Math.max(most, 1)}%` }}
            title={`${formatCount(count)} from ${formatExact(hourOf(index))}`}
          />
        ))}
      </div>
      <div className={classes.axis}>
        {[0, 6, 12, 18, counts.length - 1].map((index) => (
          <span key={index}>{formatClock(hourOf(index), false)}</span>
        ))}
      </div>
    </Panel>
  )
}

/** What a tenant is, beside its figures. */
export function TenantFacts({ tenant }: { readonly tenant: OperatorTenant }) {
  const { key, region, cell, createdAt, people, retentionDays } = tenant
  return (
    <Panel title="Facts" padded>
      <dl className={classes.facts}>
        <dt>Key</dt>
        <dd className="mono">{key}</dd>
        <dt>Home region</dt>
        <dd>{region}</dd>
        <dt>Cell</dt>
        <dd>{cell}</dd>
        <dt>People</dt>
        <dd>{formatCount(people)}</dd>
        <dt>Keeps telemetry</dt>
        <dd>{plural(retentionDays, 'day')}</dd>
        <dt>Since</dt>
        <dd>
          <ExactTime at={createdAt} />
        </dd>
      </dl>
    </Panel>
  )
}

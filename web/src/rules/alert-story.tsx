import { Button } from '@mantine/core'
import type { AlertDetail, DeviceType } from '@pulse/contract'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { sessionQuery } from '../session/queries.ts'
import { useDeviceType } from '../state/use-device-type.ts'
import { unitsOf } from '../stream/metric-lines.ts'
import { plural } from '../ui/format.ts'
import { QueryView, Skeleton } from '../ui/states.tsx'
import { SeverityBadge } from '../ui/status.tsx'
import { TimeAgo } from '../ui/time-ago.tsx'
import { useAcknowledge } from './acknowledge.ts'
import classes from './alert.module.css'
import { AlertPlot } from './alert-plot.tsx'
import { emphasise } from './emphasis.tsx'
import { alertQuery } from './queries.ts'
import { reasonWords } from './reason-words.ts'
import { StoryList } from './story-list.tsx'

interface AlertStoryProps {
  readonly id: string
  /** True on a page of its own, where its title is the title of the page. */
  readonly page?: boolean
}

/** The whole story of one alert: why, the plot, what happened, how often before. */
export function AlertStory({ id, page = false }: AlertStoryProps) {
  const query = useQuery(alertQuery(id))
  const { isPending } = useQuery(sessionQuery())
  // Whether there is a button depends on who one is; it must not push the story down later.
  if (isPending) return <StorySkeleton />
  return (
    <QueryView query={query} skeleton={<StorySkeleton />}>
      {(alert) => <Story alert={alert} page={page} />}
    </QueryView>
  )
}

function Story({ alert, page }: { readonly alert: AlertDetail; readonly page: boolean }) {
  const type = useDeviceType(alert.device)
  const Part = page ? 'h2' : 'h3'
  return (
    <article className={classes.alert} aria-label={`${alert.deviceName} ${alert.title}`}>
      <Head alert={alert} type={type} page={page} />
      {alert.plot && (
        <div className={classes.plot}>
          <AlertPlot alert={alert} type={type} />
        </div>
      )}
      <section className={classes.part} aria-label="What happened">
        <Part id="what-happened" tabIndex={-1} className={classes.partTitle}>
          What happened
        </Part>
        <StoryList alert={alert} type={type} />
      </section>
      <Before alert={alert} />
    </article>
  )
}

interface HeadProps {
  readonly alert: AlertDetail
  readonly type: DeviceType | undefined
  readonly page: boolean
}

function Head({ alert, type, page }: HeadProps) {
  const Title = page ? 'h1' : 'h2'
  const { acknowledge, can } = useAcknowledge()
  return (
    <div className={classes.head}>
      <div className={classes.titleLine}>
        <SeverityBadge severity={alert.severity} />
        <Title className={classes.title}>
          <Link to="/devices/$key" params={{ key: alert.device }} className={classes.device}>
            {alert.deviceName}
          </Link>
          {' · '}
          {alert.title}
        </Title>
        <div className={classes.actions}>
          {!page && (
            <Link to="/alerts/$id" params={{ id: alert.id }} className={classes.open}>
              Open
            </Link>
          )}
          {can(alert) && (
            <Button variant="filled" onClick={() => acknowledge(alert)}>
              Acknowledge
            </Button>
          )}
        </div>
      </div>
      <p className={classes.reason}>
        {emphasise(reasonWords(alert.reason, alert.openedAt, unitsOf(type)))}
      </p>
      <p className="muted">
        <AlertStateWords alert={alert} /> · rule <span className="mono">{alert.rule}</span> v
        {alert.ruleVersion}
      </p>
    </div>
  )
}

/** Open, acknowledged or cleared, with since when and by whom. */
export function AlertStateWords({ alert }: { readonly alert: AlertDetail }) {
  if (alert.clearedAt !== null) {
    return (
      <>
        Cleared <TimeAgo at={alert.clearedAt} suffix="ago" />
      </>
    )
  }
  if (alert.acknowledgedAt !== null) {
    return (
      <>
        Open for <TimeAgo at={alert.openedAt} />, acknowledged by {alert.acknowledgedBy}
      </>
    )
  }
  return (
    <>
      Open for <TimeAgo at={alert.openedAt} />, not acknowledged
    </>
  )
}

function Before({ alert }: { readonly alert: AlertDetail }) {
  const before = alert.timesIn90Days - 1
  return (
    <p className={classes.before}>
      <b>Similar before</b>
      {before <= 0 ? (
        <span>The first time in 90 days for this device.</span>
      ) : (
        <Link to="/alerts" search={{ state: 'all', device: alert.device, rule: alert.rule }}>
          {plural(before, 'time')} more in 90 days
        </Link>
      )}
    </p>
  )
}

function StorySkeleton() {
  return (
    <div className={classes.head}>
      <Skeleton width="50%" height={20} />
      <Skeleton width="80%" />
      <Skeleton height={190} />
      <Skeleton width="60%" />
      <Skeleton width="70%" />
    </div>
  )
}

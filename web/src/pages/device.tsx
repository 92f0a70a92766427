import type { AlertDetail, DeviceDetail, DeviceType } from '@pulse/contract'
import { useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { useMemo } from 'react'
import { CommandsTab } from '../connect/commands-tab.tsx'
import { CredentialsTab } from '../connect/credentials-tab.tsx'
import { sitesQuery, typesQuery } from '../registry/queries.ts'
import { DeviceAlerts } from '../rules/device-alerts.tsx'
import { alertQuery, alertsQuery, worstOf } from '../rules/queries.ts'
import { plotWords } from '../rules/reason-words.ts'
import { RecentAlerts } from '../rules/recent-alerts.tsx'
import { WhyOpen } from '../rules/why-open.tsx'
import classes from '../state/device.module.css'
import { DeviceHeader } from '../state/device-header.tsx'
import { tabOf } from '../state/device-tab-names.ts'
import { DeviceTabs } from '../state/device-tabs.tsx'
import { LatestMetrics } from '../state/latest-metrics.tsx'
import { deviceQuery } from '../state/queries.ts'
import { deviceSearch } from '../state/search.ts'
import { TimelinePanel } from '../state/timeline-panel.tsx'
import { LiveTail } from '../stream/live-tail.tsx'
import { MessagesTab } from '../stream/messages-tab.tsx'
import { unitsOf } from '../stream/metric-lines.ts'
import { MetricsTab } from '../stream/metrics-tab.tsx'
import { CrosshairContext, createCrosshair } from '../ui/chart/index.ts'
import { Page, PageHeader } from '../ui/page-header.tsx'
import { Panel } from '../ui/panel.tsx'
import { QueryView, Skeleton } from '../ui/states.tsx'
import { useSearchState } from '../ui/use-search-state.ts'

/** One device: how it does, what happened, and everything that can be done with it. */
export function DevicePage() {
  const { key } = useParams({ from: '/app/devices/$key' })
  const query = useQuery(deviceQuery(key))
  const alerts = useQuery(activeAlerts(key))
  const types = useQuery(typesQuery())
  const sites = useQuery(sitesQuery())
  // Asked for at once and shown at once: what came late would push the page about.
  const waits = !query.isError && (alerts.isPending || types.isPending || sites.isPending)
  return (
    <Page>
      {(waits || !query.data) && <PageHeader title={key} />}
      {waits ? (
        <DeviceSkeleton />
      ) : (
        <QueryView query={query} skeleton={<DeviceSkeleton />}>
          {(device) => <Device key={key} device={device} />}
        </QueryView>
      )}
    </Page>
  )
}

const activeAlerts = (device: string) => alertsQuery({ state: 'active', device })

function Device({ device }: { readonly device: DeviceDetail }) {
  const [{ tab }] = useSearchState(deviceSearch)
  const { data } = useQuery(activeAlerts(device.key))
  const active = data?.items ?? []
  const crosshair = useMemo(() => createCrosshair(), [])
  const current = tabOf(tab)
  return (
    <CrosshairContext value={crosshair}>
      <DeviceHeader device={device} alert={worstOf(active)} />
      <DeviceTabs device={device.key} current={current} alerts={active.length} />
      {current === 'timeline' && (
        <TimelineTab device={device} alert={data && (worstOf(active)?.id ?? null)} />
      )}
      {current === 'metrics' && <MetricsTab device={device} />}
      {current === 'alerts' && <DeviceAlerts device={device.key} />}
      {current === 'commands' && <CommandsTab device={device.key} />}
      {current === 'tail' && <LiveTail device={device.key} />}
      {current === 'credentials' && <CredentialsTab device={device} />}
      {current === 'messages' && <MessagesTab device={device.key} />}
    </CrosshairContext>
  )
}

interface TimelineTabProps {
  readonly device: DeviceDetail
  /** Id of the worst alert that has not cleared; null if there is none, undefined until known. */
  readonly alert: string | null | undefined
}

function TimelineTab({ device, alert }: TimelineTabProps) {
  const { data: types } = useQuery(typesQuery())
  const type = types?.get(device.type)
  const { data } = useQuery({ ...alertQuery(alert ?? ''), enabled: Boolean(alert) })
  const detail = alert ? data : undefined
  const found = useLimits(device.key, alert)
  const plot = useMemo(() => plotWords(found, unitsOf(type)), [found, type])
  return (
    <>
      <TimelinePanel device={device} type={type} plot={plot} />
      <div className={classes.below}>
        <Why alert={alert === null ? null : detail} device={device} type={type} />
        <LatestMetrics device={device} type={type} />
      </div>
    </>
  )
}

/** The limits of the open alert's rule; while none is open, those of the last one's. */
function useLimits(device: string, alert: string | null | undefined): AlertDetail['plot'] {
  const { data } = useQuery({ ...alertsQuery({ state: 'all', device }), enabled: alert === null })
  const id = alert ?? data?.items[0]?.id
  const detail = useQuery({ ...alertQuery(id ?? ''), enabled: id !== undefined })
  return detail.data?.plot ?? null
}

interface WhyProps {
  readonly alert: AlertDetail | null | undefined
  readonly device: DeviceDetail
  readonly type: DeviceType | undefined
}

/** Why the worst alert is open, or what was wrong before; its room is kept until it is known. */
function Why({ alert, device, type }: WhyProps) {
  if (alert === null) return <RecentAlerts device={device.key} />
  if (alert) return <WhyOpen alert={alert} type={type} />
  return (
    <Panel label="Alert" padded>
      <Skeleton height={140} />
    </Panel>
  )
}

function DeviceSkeleton() {
  return (
    <div className={classes.skeleton}>
      <Skeleton width="60%" height={16} />
      <Skeleton height={34} />
      <Skeleton height={330} />
      <Skeleton height={180} />
    </div>
  )
}

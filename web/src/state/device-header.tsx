import { Button } from '@mantine/core'
import type { Alert, DeviceDetail } from '@pulse/contract'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { sitesQuery, typesQuery } from '../registry/queries.ts'
import { useAcknowledge } from '../rules/acknowledge.ts'
import { formatDuration } from '../ui/format.ts'
import { useNow } from '../ui/now.ts'
import { PageHeader } from '../ui/page-header.tsx'
import { SeverityBadge, StatusDot } from '../ui/status.tsx'
import classes from './device.module.css'
import { DeviceFacts } from './device-facts.tsx'

interface DeviceHeaderProps {
  readonly device: DeviceDetail
  /** Its worst alert that has not cleared. */
  readonly alert: Alert | undefined
}

/** Who the device is and how it does: crumbs, name, status, worst alert, facts. */
export function DeviceHeader({ device, alert }: DeviceHeaderProps) {
  const { data: types } = useQuery(typesQuery())
  const type = types?.get(device.type)
  const { acknowledge, can } = useAcknowledge()
  return (
    <div>
      <PageHeader
        title={device.name}
        crumbs={<Crumbs device={device} />}
        meta={
          <>
            {device.name !== device.key && <span className="mono">{device.key}</span>}
            <span>{type?.name ?? device.type}</span>
            <StatusDot status={device.status} />
            {alert && <AlertLink alert={alert} />}
          </>
        }
        actions={
          <>
            {alert && can(alert) && <Button onClick={() => acknowledge(alert)}>Acknowledge</Button>}
            <Button
              variant="filled"
              renderRoot={(props) => (
                <Link
                  {...props}
                  to="/devices/$key"
                  params={{ key: device.key }}
                  search={{ tab: 'commands' }}
                />
              )}
            >
              Command…
            </Button>
          </>
        }
      />
      <DeviceFacts device={device} />
    </div>
  )
}

function Crumbs({ device }: { readonly device: DeviceDetail }) {
  const { data: sites } = useQuery(sitesQuery())
  const name = device.site === null ? undefined : (sites?.get(device.site)?.name ?? device.site)
  return (
    <>
      <Link to="/devices">Devices</Link>
      {device.site !== null && (
        <>
          {' › '}
          <Link to="/devices" search={{ q: `site:${device.site}` }}>
            {name}
          </Link>
        </>
      )}
      {' › '}
      <span aria-current="page">{device.name}</span>
    </>
  )
}

function AlertLink({ alert }: { readonly alert: Alert }) {
  const now = useNow()
  const age = formatDuration(now - Date.parse(alert.openedAt))
  return (
    <Link to="/alerts/$id" params={{ id: alert.id }} className={classes.alertLink}>
      <SeverityBadge severity={alert.severity}>
        {alert.title} · {age}
      </SeverityBadge>
    </Link>
  )
}

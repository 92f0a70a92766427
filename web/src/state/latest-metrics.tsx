import type { DeviceDetail, DeviceType } from '@pulse/contract'
import { Link } from '@tanstack/react-router'
import { metricInfo } from '../stream/metric-lines.ts'
import { formatValue } from '../ui/format.ts'
import { Panel } from '../ui/panel.tsx'
import { EmptyState } from '../ui/states.tsx'
import { TimeAgo } from '../ui/time-ago.tsx'
import classes from './device.module.css'

interface LatestMetricsProps {
  readonly device: DeviceDetail
  readonly type: DeviceType | undefined
}

const SHOWN = 12

/** The newest value of each metric at a glance. */
export function LatestMetrics({ device, type }: LatestMetricsProps) {
  const declared = (type?.metrics ?? []).map((metric) => metric.name)
  const names = [...new Set([...declared, ...Object.keys(device.metrics).toSorted()])]
    .filter((name) => device.metrics[name])
    .slice(0, SHOWN)
  return (
    <Panel
      title="Latest metrics"
      actions={
        <Link to="/devices/$key" params={{ key: device.key }} search={{ tab: 'metrics' }}>
          All charts
        </Link>
      }
    >
      {names.length === 0 ? (
        <EmptyState title="No metrics yet">
          They appear with the first telemetry message.
        </EmptyState>
      ) : (
        <table className={classes.glance}>
          <thead>
            <tr>
              <th scope="col">Metric</th>
              <th scope="col" className={classes.end}>
                Value
              </th>
              <th scope="col" className={classes.end}>
                Measured
              </th>
            </tr>
          </thead>
          <tbody>
            {names.map((name) => (
              <Row key={name} name={name} device={device} type={type} />
            ))}
          </tbody>
        </table>
      )}
    </Panel>
  )
}

function Row({ name, device, type }: LatestMetricsProps & { readonly name: string }) {
  const info = metricInfo(name, device, type)
  const latest = device.metrics[name]
  if (!latest) return null
  return (
    <tr>
      <th scope="row" title={info.title === name ? undefined : name}>
        <Link
          to="/devices/$key"
          params={{ key: device.key }}
          search={{ metrics: name }}
          className={classes.metric}
        >
          {info.title}
        </Link>
      </th>
      <td className={classes.end}>
        <b>{formatValue(latest.value)}</b> <span className="muted">{info.unit}</span>
      </td>
      <td className={`${classes.end} muted`}>
        <TimeAgo at={latest.at} />
      </td>
    </tr>
  )
}

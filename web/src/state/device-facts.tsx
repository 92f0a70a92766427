import type { DeviceDetail } from '@pulse/contract'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { formatCount, formatValue, plural } from '../ui/format.ts'
import { TimeAgo } from '../ui/time-ago.tsx'
import classes from './device.module.css'

/** The line under the name: session, the three times, signal, firmware, counters, tags. */
export function DeviceFacts({ device }: { readonly device: DeviceDetail }) {
  const { counters } = device
  return (
    <dl className={classes.facts}>
      <Fact name="Session">
        <SessionWords session={device.session} />
      </Fact>
      <Fact name="Last message">
        <TimeAgo at={device.lastMessageAt} suffix="ago" />
      </Fact>
      <Fact name="Newest measurement">
        <TimeAgo at={device.newestAt} suffix="ago" />
      </Fact>
      <StatusFacts status={device.lastStatus} />
      <Fact name="Firmware">
        <span className="mono">{device.firmware ?? '—'}</span>
      </Fact>
      {(counters.gaps > 0 || counters.late > 0) && (
        <Fact name="Stream">
          {plural(counters.gaps, 'gap')} · {formatCount(counters.late)} late
        </Fact>
      )}
      <Tags tags={device.tags} />
    </dl>
  )
}

function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}

const PROTOCOLS: Readonly<Record<string, string>> = {
  'mqtt-3.1.1': 'MQTT 3.1.1',
  'mqtt-5': 'MQTT 5',
  mqtt: 'MQTT',
  http: 'HTTP',
}

function SessionWords({ session }: { readonly session: DeviceDetail['session'] }) {
  if (session.since === null) return <span>never connected</span>
  const how = [
    session.protocol && (PROTOCOLS[session.protocol] ?? session.protocol),
    session.address,
  ]
  return (
    <>
      {session.connected ? 'connected ' : 'away '}
      <TimeAgo at={session.since} />
      {session.connected && (
        <span className="muted"> {how.filter((word) => word !== null).join(' · ')}</span>
      )}
    </>
  )
}

function StatusFacts({ status }: { readonly status: DeviceDetail['lastStatus'] }) {
  if (!status) return null
  const { rssiDbm, batteryPct } = status
  return (
    <>
      {typeof rssiDbm === 'number' && <Fact name="Signal">{formatValue(rssiDbm)} dBm</Fact>}
      {typeof batteryPct === 'number' && <Fact name="Battery">{formatValue(batteryPct)} %</Fact>}
    </>
  )
}

function Tags({ tags }: { readonly tags: DeviceDetail['tags'] }) {
  const entries = Object.entries(tags)
  if (entries.length === 0) return null
  return (
    <div>
      <dt className="sr-only">Tags</dt>
      <dd className={classes.tags}>
        {entries.map(([name, value]) => (
          <Link
            key={name}
            to="/devices"
            search={{ q: `tag.${name}:${quoted(value)}` }}
            className="mono"
          >
            {name}:{value}
          </Link>
        ))}
      </dd>
    </div>
  )
}

const quoted = (value: string) =>
  /^[\w.-]+$/.test(value) ? value : `"${value.replace(/["\\]/g, '\\$&')}"`

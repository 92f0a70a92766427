import type { DeviceStatus } from '@pulse/contract'
import type { Device } from '#registry'

/** What the status of a device follows from. */
export interface Signals {
  /** When its last message was received, epoch ms; undefined if it never sent one. */
  readonly heardAt: number | undefined
  readonly connected: boolean
  /** End of the last time that Pulse itself was away, epoch ms: silence until then proves nothing. */
  readonly awayUntil: number
}

/** Status at `nowMs`, and when it changes next if nothing is heard; undefined: not by itself. */
export interface Status {
  readonly status: DeviceStatus
  readonly until: number | undefined
}

/**
 * Online while heard within `staleAfterMs`; then stale; offline when silent for `offlineAfterMs`
 * without a session. A device with a session stays stale: something answers its keep-alive.
 */
export function statusOf(device: Device, signals: Signals, nowMs: number): Status {
  if (signals.heardAt === undefined) return { status: 'never', until: undefined }
  const since = Math.max(signals.heardAt, signals.awayUntil)
  const stale = since + device.staleAfterMs
  if (nowMs < stale) return { status: 'online', until: stale }
  if (signals.connected) return { status: 'stale', until: undefined }
  const offline = since + Math.max(device.offlineAfterMs, device.staleAfterMs)
  return nowMs < offline
    ? { status: 'stale', until: offline }
    : { status: 'offline', until: undefined }
}

import type { DevicePatch } from '@pulse/contract'
import type { Pipeline } from '#connect'
import type { Live } from '#ops'
import type { Relay } from '#platform'
import type { Device, Registry } from '#registry'
import type { Rules } from '#rules'
import type { State } from '#state'

/** What the live stream says of a device whose head changed. */
export function patchOf(state: State, deviceId: number): DevicePatch[] {
  const row = state.row(deviceId)
  if (!row) return []
  const lastMessageAt =
    row.lastMessageAt === null ? null : new Date(row.lastMessageAt).toISOString()
  return [
    { key: row.key as DevicePatch['key'], status: row.status, lastMessageAt, reading: row.reading },
  ]
}

/** What open portals are told, as it happens. */
export function feedLive({
  live,
  pipeline,
  relay,
  rules,
}: {
  live: Live
  pipeline: Pipeline
  relay: Relay
  rules: Rules
}): void {
  pipeline.onCommit(live.committed)
  relay.on((event) => {
    if (!event.type.startsWith('rules.alert-')) return
    // An alert that cannot be read now is seen with the next look at the list.
    void rules.alert(event.tenant, String(event.data['alert'])).then(
      (alert) => live.alert(event.tenant, alert),
      () => {},
    )
  })
}

/** What Connect and the caches owe to news from the Registry, of this process or another. */
export function obeyEvents({
  relay,
  registry: { directory, people },
  kick,
}: {
  relay: Relay
  registry: Registry
  kick: (device: Device) => void
}): void {
  relay.on((event) => {
    if (!event.type.startsWith('registry.')) return
    const { device } = event.data
    if (device === undefined) return people.forget()
    const key = String(device)
    directory.forget(event.tenant, key)
    if (event.type !== 'registry.token-revoked') return
    void directory.deviceIn(event.tenant, key).then((device) => device && kick(device))
  })
}

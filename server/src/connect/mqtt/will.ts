import type { IConnectPacket } from 'mqtt-packet'
import type { Device } from '#registry'
import type { PublishOutcome } from '../ingress.ts'
import type { Core } from './core.ts'
import type { Session, Will } from './session.ts'
import { prefixOf, routeOf } from './topic.ts'

/** Reads the will of a CONNECT; a text says why it is refused. */
export function readWill(
  packet: NonNullable<IConnectPacket['will']>,
  device: Device,
): Will | string {
  const route = routeOf(packet.topic, prefixOf(device.tenant.key, device.key))
  if (route.kind !== 'up') {
    return `the will's topic ${packet.topic} is none of telemetry, event and status of the device`
  }
  return {
    topic: packet.topic,
    channel: route.channel,
    payload: Buffer.from(packet.payload),
    delayS: packet.properties?.willDelayInterval ?? 0,
  }
}

const ATTEMPTS = 10

/** Publishes the will of a session after its delay, unless the session goes on before or ends sooner. */
export function scheduleWill(core: Core, { key, will, expiryS }: Session, device: Device): void {
  if (!will) return
  const delayS = Math.min(will.delayS, expiryS)
  if (delayS === 0) return publishWill(core, device, will, ATTEMPTS)
  const cancel = core.clock.after(delayS * 1000, () => {
    core.wills.delete(key)
    publishWill(core, device, will, ATTEMPTS)
  })
  core.wills.set(key, (due) => {
    cancel()
    if (due) publishWill(core, device, will, ATTEMPTS)
  })
}

function publishWill(core: Core, device: Device, will: Will, attempts: number): void {
  if (!core.running) return
  const origin = { source: 'mqtt', topic: will.topic, address: undefined } as const
  core.ingress.publish(device, will.channel, will.payload, origin, (outcome: PublishOutcome) => {
    if (outcome.kind !== 'retry') return
    if (attempts === 1) return core.log.warn({ code: outcome.code }, 'a will was not stored')
    core.clock.after(outcome.retryAfterMs, () => publishWill(core, device, will, attempts - 1))
  })
}

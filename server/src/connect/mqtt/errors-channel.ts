import { ERRORS_CHANNEL } from '@pulse/contract'
import type { Device } from '#registry'
import { type Core, connectionsOf, type RefusalNote } from './core.ts'
import { identifiersFor, topicFor } from './outbound.ts'
import { publish } from './packets.ts'
import { matches } from './topic.ts'

/**
 * Makes what tells a device of refused messages on its `errors` channel: at QoS 0, to each of its
 * connections that has subscribed, at most so many a second. What does not fit is counted; the
 * rejection itself is recorded elsewhere.
 */
export function createErrorsChannel(core: Core): (device: Device, note: RefusalNote) => void {
  let second = 0
  const told = new Map<number, number>()

  function allowed(device: Device): boolean {
    const now = Math.floor(core.clock.now() / 1000)
    if (now !== second) {
      second = now
      told.clear()
    }
    const count = told.get(device.id) ?? 0
    told.set(device.id, count + 1)
    return count < core.limits.errorsPerSecond
  }

  return (device, note) => {
    let payload: Buffer | undefined
    for (const connection of connectionsOf(core, device.id)) {
      const subscriptions = connection.session?.subscriptions ?? []
      if (!subscriptions.some(({ filter }) => matches(filter, ERRORS_CHANNEL))) continue
      if (!allowed(device) || connection.blockedAt !== 0) {
        core.counters.errorsDropped++
        continue
      }
      payload ??= Buffer.from(
        JSON.stringify({ ...note, at: new Date(core.clock.now()).toISOString() }),
      )
      const bytes = publish(connection.version, {
        topic: topicFor(subscriptions, ERRORS_CHANNEL, device),
        payload,
        qos: 0,
        packetId: 0,
        dup: false,
        identifiers: identifiersFor(subscriptions, ERRORS_CHANNEL),
        expiresInS: undefined,
      })
      if (bytes.length <= connection.packetMaximum) connection.send(bytes)
    }
  }
}

import { type Clock, type Database, inTenant, type TenantSql } from '#platform'
import type { Device } from '#registry'
import { matches } from './mqtt/topic.ts'

/** A message to a device. */
export interface DownMessage {
  readonly device: Device
  /** Below the device's prefix, such as `commands/cm_…`. */
  readonly channel: string
  readonly payload: Uint8Array
  readonly qos: 0 | 1
  /** It waits for a device that is away until then, epoch milliseconds. */
  readonly expiresAt: number
  /** The command that is acknowledged with it. */
  readonly command?: string | undefined
}

/** The durable way down: what is queued waits until it is acknowledged or expires. */
export interface Downlink {
  /** Queues `message` in the caller's transaction; call {@link Downlink.wake} after its commit. */
  queue(sql: TenantSql, message: DownMessage): Promise<void>
  /** Has the live connections of a device look for what waits. */
  wake(device: Device): void
  /** Queues `message` in a transaction of its own. */
  send(message: DownMessage): Promise<void>
  /** Calls `listener` for each {@link Downlink.wake}; the gateway is one. */
  onWake(listener: (device: Device) => void): void
}

/** Makes the downlink; `app` is the pool of `pulse_app`. */
export function createDownlink({
  app,
}: {
  readonly app: Database
  readonly clock?: Clock
}): Downlink {
  const listeners: ((device: Device) => void)[] = []
  const wake = (device: Device): void => {
    for (const listener of listeners) listener(device)
  }
  return {
    queue,
    wake,
    async send(message) {
      await inTenant(app, message.device.tenant.id, (sql) => queue(sql, message))
      wake(message.device)
    },
    onWake: (listener) => void listeners.push(listener),
  }
}

/** One row for each kept session that has subscribed; without any, one for whichever comes first. */
async function queue(sql: TenantSql, message: DownMessage): Promise<void> {
  const subscribed = await sql<{ session: number; filter: string }[]>`
    select s.id as session, f.filter
      from connect.session s join connect.subscription f on f.session = s.id
     where s.device = ${message.device.id}`
  const matching = subscribed.filter(({ filter }) => matches(filter, message.channel))
  const sessions = [...new Set(matching.map(({ session }) => session))]
  await sql`
    insert into connect.outbound (device, session, channel, payload, qos, expires_at, command)
    select ${message.device.id}, session, ${message.channel}, ${Buffer.from(message.payload)},
           ${message.qos}, ${new Date(message.expiresAt)}, ${message.command ?? null}
      from unnest(${sessions.length > 0 ? sessions : [null]}::bigint[]) as session`
}

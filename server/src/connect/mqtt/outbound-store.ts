import type { DeviceKey } from '@pulse/contract'
import { asPipeline, type Clock, type Database, emit } from '#platform'
import type { Device } from '#registry'
import { type Batcher, createBatcher } from './batcher.ts'

/** A message on its way to a device. */
export interface OutboundRow {
  readonly id: number
  readonly channel: string
  readonly payload: Uint8Array
  readonly qos: 0 | 1
  readonly expiresAt: Date
  readonly command: string | null
  /** The session that it was addressed to, or null. */
  readonly session: number | null
  /** Under which it was sent before. */
  readonly packetId: number | null
}

/** Which waiting messages to take. */
export interface Taking {
  readonly device: Device
  /** 0 for a session that is not kept. */
  readonly session: number
  /** Channels that nobody else was promised, as patterns of PostgreSQL. */
  readonly patterns: readonly string[]
  readonly except: readonly number[]
  readonly limit: number
}

/** A message that has gone: the device has it, or it was sent at QoS 0. */
export interface Gone {
  readonly id: number
  /** Command that the device has acknowledged, or null. */
  readonly acknowledged: string | null
}

/** Messages that wait for devices; the table is the truth. */
export interface OutboundStore {
  take(taking: Taking): Promise<readonly OutboundRow[]>
  /** Writes what is about to be sent, so that a second sending is known as one. */
  markSending(device: Device, session: number, rows: readonly Sending[]): Promise<void>
  remove(gone: Gone): Promise<void>
  /** Drops what has expired, and tells of the commands among it. */
  sweep(): Promise<void>
  idle(): Promise<void>
}

export interface Sending {
  readonly id: number
  readonly packetId: number
  readonly command: string | null
}

interface Changed {
  readonly id: string
  readonly tenant: number
  readonly device: DeviceKey
  readonly state: string
}

/** Outbound messages in PostgreSQL, as `pulse_pipeline`. */
export function createOutboundStore(db: Database, clock: Clock): OutboundStore {
  const removed: Batcher<Gone> = createBatcher((gone) =>
    db.begin(async (transaction) => {
      const sql = transaction as unknown as Database
      const now = new Date(clock.now())
      await sql`delete from connect.outbound where id = any(${gone.map(({ id }) => id)}::bigint[])`
      const commands = gone.flatMap(({ acknowledged }) => acknowledged ?? [])
      if (commands.length === 0) return
      const rows = await sql<Changed[]>`
        update connect.command
           set state = 'acknowledged', acknowledged_at = ${now}, sent_at = coalesce(sent_at, ${now})
         where id = any(${commands}) and state in ('queued', 'sent')
        returning id, tenant, device_key as device, state`
      await tell(sql, rows, clock.now())
    }),
  )

  return {
    take: ({ device, session, patterns, except, limit }) => db<OutboundRow[]>`
      select id, channel, payload, qos, expires_at as "expiresAt", command, session,
             packet_id as "packetId"
        from connect.outbound
       where device = ${device.id}
         and (session = ${session} or (session is null and channel ~ any(${patterns}::text[])))
         and expires_at > ${new Date(clock.now())}
         and id <> all(${except}::bigint[])
       order by id
       limit ${limit}`,

    async markSending(device, session, rows) {
      const now = new Date(clock.now())
      const commands = rows.flatMap(({ command }) => command ?? [])
      if (session === 0 && commands.length === 0) return
      await db.begin(async (transaction) => {
        const sql = transaction as unknown as Database
        if (session !== 0) {
          await sql`
            update connect.outbound o set session = ${session}, packet_id = r."packetId"
              from json_to_recordset(${JSON.stringify(rows)}::text::json) as r(id bigint, "packetId" int)
             where o.id = r.id`
        }
        if (commands.length === 0) return
        const changed = await sql<Changed[]>`
          update connect.command set state = 'sent', sent_at = ${now}
           where tenant = ${device.tenant.id} and id = any(${commands}) and state = 'queued'
          returning id, tenant, device_key as device, state`
        await tell(sql, changed, clock.now())
      })
    },

    remove: (gone) => removed.add(gone),

    async sweep() {
      const now = new Date(clock.now())
      await db.begin(async (transaction) => {
        const sql = transaction as unknown as Database
        await sql`delete from connect.outbound where expires_at <= ${now}`
        const changed = await sql<Changed[]>`
          update connect.command set state = 'expired'
           where expires_at <= ${now} and state in ('queued', 'sent')
          returning id, tenant, device_key as device, state`
        await tell(sql, changed, clock.now())
      })
    },

    idle: () => removed.idle(),
  }
}

const tell = (sql: Database, rows: readonly Changed[], at: number) =>
  emit(
    asPipeline(sql),
    rows.map(({ id, tenant, device, state }) => ({
      type: 'connect.command-changed' as const,
      tenant,
      subject: `command:${id}`,
      data: { device, command: id, state },
    })),
    at,
  )

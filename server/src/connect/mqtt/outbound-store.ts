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
  readonly tenant: number
  /** Command that the device has acknowledged, or null. */
  readonly command: string | null
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
  const inTransaction = (work: (sql: Database) => Promise<void>): Promise<unknown> =>
    db.begin((sql) => work(sql as unknown as Database))
  const removed: Batcher<Gone> = createBatcher((gone) =>
    inTransaction((sql) => removeGone(sql, gone, clock.now())),
  )
  return {
    take: (taking) => findWaiting(db, taking, clock.now()),
    async markSending(device, session, rows) {
      if (session === 0 && rows.every(({ command }) => command === null)) return
      await inTransaction(async (sql) => {
        if (session !== 0) await writePacketIds(sql, session, rows)
        await markSent(sql, device, rows, clock.now())
      })
    },
    remove: (gone) => removed.add(gone),
    async sweep() {
      await inTransaction((sql) => removeExpired(sql, clock.now()))
    },
    idle: () => removed.idle(),
  }
}

const findWaiting = (
  sql: Database,
  { device, session, patterns, except, limit }: Taking,
  now: number,
): Promise<OutboundRow[]> => sql<OutboundRow[]>`
  select id, channel, payload, qos, expires_at as "expiresAt", command, session,
         packet_id as "packetId"
    from connect.outbound
   where device = ${device.id}
     and (session = ${session} or (session is null and channel ~ any(${patterns}::text[])))
     and expires_at > ${new Date(now)}
     and id <> all(${except}::bigint[])
   order by id
   limit ${limit}`

async function writePacketIds(
  sql: Database,
  session: number,
  rows: readonly Sending[],
): Promise<void> {
  await sql`
    update connect.outbound o set session = ${session}, packet_id = r."packetId"
      from json_to_recordset(${JSON.stringify(rows)}::text::json) as r(id bigint, "packetId" int)
     where o.id = r.id`
}

async function markSent(
  sql: Database,
  device: Device,
  rows: readonly Sending[],
  now: number,
): Promise<void> {
  const commands = rows.flatMap(({ command }) => command ?? [])
  if (commands.length === 0) return
  const changed = await sql<Changed[]>`
    update connect.command set state = 'sent', sent_at = ${new Date(now)}
     where tenant = ${device.tenant.id} and id = any(${commands}) and state = 'queued'
    returning id, tenant, device_key as device, state`
  await tell(sql, changed, now)
}

async function removeGone(sql: Database, gone: readonly Gone[], now: number): Promise<void> {
  await sql`delete from connect.outbound where id = any(${gone.map(({ id }) => id)}::bigint[])`
  const acknowledged = gone.filter(({ command }) => command !== null)
  if (acknowledged.length === 0) return
  const changed = await sql<Changed[]>`
    update connect.command c
       set state = 'acknowledged', acknowledged_at = ${new Date(now)},
           sent_at = coalesce(sent_at, ${new Date(now)})
      from json_to_recordset(${JSON.stringify(acknowledged)}::text::json)
           as r(tenant bigint, command text)
     where c.tenant = r.tenant and c.id = r.command and c.state in ('queued', 'sent')
    returning c.id, c.tenant, c.device_key as device, c.state`
  await tell(sql, changed, now)
}

async function removeExpired(sql: Database, now: number): Promise<void> {
  await sql`delete from connect.outbound where expires_at <= ${new Date(now)}`
  const changed = await sql<Changed[]>`
    update connect.command set state = 'expired'
     where expires_at <= ${new Date(now)} and state in ('queued', 'sent')
    returning id, tenant, device_key as device, state`
  await tell(sql, changed, now)
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

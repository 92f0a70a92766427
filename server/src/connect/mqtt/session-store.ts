import type { Clock, Database } from '#platform'
import type { Device } from '#registry'
import { type Batcher, createBatcher } from './batcher.ts'
import type { Subscription } from './topic.ts'

/** What a client asks of its session in CONNECT. */
export interface SessionWish {
  readonly device: Device
  readonly clientId: string
  readonly protocol: 4 | 5
  /** Begin anew: what was kept is thrown away. */
  readonly clean: boolean
  /** How long the session outlives its connection, seconds; 0 is not at all. */
  readonly expiryS: number
}

/** A session as it was kept. */
export interface KeptSession {
  /** 0 for a session that lives in memory only. */
  readonly id: number
  /** True when an earlier session goes on. */
  readonly present: boolean
  readonly subscriptions: readonly Subscription[]
  /** Packet ids of QoS 2 messages whose PUBREL has not come. */
  readonly received: readonly number[]
}

/** Sessions that outlive their connection; the tables are the truth. */
export interface SessionStore {
  open(wish: SessionWish): Promise<KeptSession>
  /** The connection ended: the session ends after `expiryS`, or now for 0. */
  close(id: number, expiryS: number): Promise<void>
  subscribe(session: OwnedSession, subscriptions: readonly Subscription[]): Promise<void>
  unsubscribe(session: OwnedSession, filter: string, short: boolean): Promise<void>
  /** Remembers a packet id whose message is stored, where the pipeline could not. */
  remember(session: number, packetId: number): Promise<void>
  /** PUBREL came: the packet id is free. Gathered with others into one statement. */
  release(session: number, packetId: number): Promise<void>
  /** Ends what has expired. */
  sweep(): Promise<void>
  /** Nobody is connected, at a start or at the end: sessions that seem so begin to expire. */
  recover(): Promise<void>
  idle(): Promise<void>
}

export interface OwnedSession {
  readonly id: number
  readonly tenant: number
}

const nobody: KeptSession = { id: 0, present: false, subscriptions: [], received: [] }

/** Sessions in PostgreSQL, as `pulse_pipeline`. */
export function createSessionStore(db: Database, clock: Clock): SessionStore {
  // Devices that have a kept session, so that a storm of clean CONNECTs asks the database nothing.
  const kept = new Set<number>()
  const released: Batcher<Received> = createBatcher((rows) => deleteReceived(db, rows))
  const remembered: Batcher<Received> = createBatcher((rows) => insertReceived(db, rows))

  return {
    async open(wish) {
      if (wish.expiryS === 0 && !kept.has(wish.device.id)) return nobody
      return db.begin(async (transaction) => {
        const sql = transaction as unknown as Database
        const found = await findSession(sql, wish, clock.now())
        if (found && (wish.clean || found.expired)) await removeSession(sql, found.id)
        if (found && !wish.clean && !found.expired) return resume(sql, found.id, wish, clock.now())
        if (wish.expiryS === 0) return nobody
        kept.add(wish.device.id)
        return { ...nobody, id: await insertSession(sql, wish, clock.now()) }
      }) as Promise<KeptSession>
    },

    async close(id, expiryS) {
      if (expiryS === 0) {
        await db.begin((sql) => removeSession(sql as unknown as Database, id))
        return
      }
      await db`
        update connect.session
           set expires_at = ${new Date(clock.now() + expiryS * 1000)}, expiry_s = ${expiryS}
         where id = ${id}`
    },

    async subscribe(session, subscriptions) {
      await insertSubscriptions(db, session, subscriptions)
    },

    async unsubscribe(session, filter, short) {
      await db`
        delete from connect.subscription
         where session = ${session.id} and filter = ${filter} and short = ${short}`
    },

    remember: (session, packetId) => remembered.add({ session, packetId }),
    release: (session, packetId) => released.add({ session, packetId }),

    sweep: () => removeExpired(db, new Date(clock.now())),
    async recover() {
      await expireConnected(db, new Date(clock.now()))
      const rows = await db<{ device: number }[]>`select distinct device from connect.session`
      for (const { device } of rows) kept.add(device)
    },
    async idle() {
      await Promise.all([released.idle(), remembered.idle()])
    },
  }
}

/** A QoS 2 message whose PUBREL has not come. */
interface Received {
  readonly session: number
  readonly packetId: number
}

async function insertReceived(sql: Database, rows: readonly Received[]): Promise<void> {
  await sql`
    insert into connect.inbound (session, packet_id)
    select session, "packetId"
      from json_to_recordset(${JSON.stringify(rows)}::text::json)
           as r(session bigint, "packetId" int)
    on conflict do nothing`
}

async function deleteReceived(sql: Database, rows: readonly Received[]): Promise<void> {
  await sql`
    delete from connect.inbound i
     using json_to_recordset(${JSON.stringify(rows)}::text::json)
           as r(session bigint, "packetId" int)
     where i.session = r.session and i.packet_id = r."packetId"`
}

async function insertSubscriptions(
  sql: Database,
  session: OwnedSession,
  subscriptions: readonly Subscription[],
): Promise<void> {
  await sql`
    insert into connect.subscription (tenant, session, filter, short, qos, identifier)
    select ${session.tenant}, ${session.id}, filter, short, qos, identifier
      from json_to_recordset(${JSON.stringify(subscriptions)}::text::json)
           as r(filter text, short boolean, qos smallint, identifier int)
    on conflict (session, filter, short)
    do update set qos = excluded.qos, identifier = excluded.identifier`
}

async function removeExpired(sql: Database, now: Date): Promise<void> {
  const rows = await sql<{ id: number }[]>`
    select id from connect.session where expires_at <= ${now} limit 1000`
  for (const { id } of rows) {
    await sql.begin((transaction) => removeSession(transaction as unknown as Database, id, now))
  }
  await sql`
    delete from connect.inbound i
     where not exists (select 1 from connect.session s where s.id = i.session)`
}

async function expireConnected(sql: Database, now: Date): Promise<void> {
  await sql`
    update connect.session
       set expires_at = ${now}::timestamptz + expiry_s * interval '1 second'
     where expires_at is null`
}

async function findSession(sql: Database, wish: SessionWish, now: number) {
  const [row] = await sql<{ id: number; expired: boolean }[]>`
    select id, coalesce(expires_at <= ${new Date(now)}, false) as expired
      from connect.session
     where tenant = ${wish.device.tenant.id} and device = ${wish.device.id}
       and client_id = ${wish.clientId}
       for update`
  return row
}

async function insertSession(sql: Database, wish: SessionWish, now: number): Promise<number> {
  const [row] = await sql<{ id: number }[]>`
    insert into connect.session (tenant, device, client_id, protocol, expiry_s, connected_at)
    values (${wish.device.tenant.id}, ${wish.device.id}, ${wish.clientId}, ${wish.protocol},
            ${wish.expiryS}, ${new Date(now)})
    returning id`
  return (row as { id: number }).id
}

async function resume(
  sql: Database,
  id: number,
  wish: SessionWish,
  now: number,
): Promise<KeptSession> {
  const [subscriptions, received] = await Promise.all([
    sql<{ filter: string; short: boolean; qos: 0 | 1; identifier: number | null }[]>`
      select filter, short, qos, identifier from connect.subscription where session = ${id}`,
    sql<{ packetId: number }[]>`
      select packet_id as "packetId" from connect.inbound where session = ${id}`,
    sql`
      update connect.session
         set expires_at = null, expiry_s = ${wish.expiryS}, protocol = ${wish.protocol},
             connected_at = ${new Date(now)}
       where id = ${id}`,
  ])
  return {
    id,
    present: true,
    subscriptions: subscriptions.map((row) => ({
      ...row,
      identifier: row.identifier ?? undefined,
    })),
    received: received.map(({ packetId }) => packetId),
  }
}

/**
 * Ends a session. Commands that wait go back to whichever session comes next, since they are
 * promised to the device until they expire; other messages go with their session.
 */
async function removeSession(sql: Database, id: number, expiredAt?: Date): Promise<void> {
  const [gone] = expiredAt
    ? await sql`delete from connect.session where id = ${id} and expires_at <= ${expiredAt} returning id`
    : await sql`delete from connect.session where id = ${id} returning id`
  if (!gone) return
  await Promise.all([
    sql`delete from connect.inbound where session = ${id}`,
    sql`delete from connect.outbound where session = ${id} and command is null`,
    sql`update connect.outbound set session = null, packet_id = null where session = ${id}`,
  ])
}

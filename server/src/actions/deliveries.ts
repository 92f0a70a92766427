import type {
  DeliveryDetail,
  DeliverySummary,
  deliveriesAnswer,
  deliveriesQuery,
} from '@pulse/contract'
import type { z } from 'zod'
import { type Database, inTenant, record, type TenantSql } from '#platform'
import type { Act } from '#registry'
import { refuse } from './errors.ts'
import { type SummaryRow, summaryOf } from './summary.ts'

type Query = z.infer<typeof deliveriesQuery>
type Answer = z.infer<typeof deliveriesAnswer>
type Attempt = DeliveryDetail['log'][number]

const selected = (sql: TenantSql) => sql`
  select d.id, d.destination, coalesce(t.name, d.destination) as "destinationName", d.event, d.alert,
         d.device, d.title, d.state, d.attempts, d.created_at as "createdAt", d.settled_at as "settledAt",
         d.next_attempt_at as "nextAttemptAt", d.last_status as "lastStatus", d.last_error as "lastError"`

const joined = (sql: TenantSql) => sql`
  from actions.delivery d
  left join actions.destination t on t.tenant = d.tenant and t.key = d.destination`

/** What narrows both the list and the counts; the state narrows the list only. */
const narrowed = (sql: TenantSql, { destination, alert, device }: Partial<Query>) => sql`
  ${destination === undefined ? sql`` : sql`and d.destination = ${destination}`}
  ${alert === undefined ? sql`` : sql`and d.alert = ${alert}`}
  ${device === undefined ? sql`` : sql`and d.device = ${device}`}`

/** Deliveries, newest first, with the counts of each state. */
export const listDeliveries = (db: Database, tenant: number, query: Query): Promise<Answer> =>
  inTenant(db, tenant, async (sql) => {
    const [rows, counts] = await Promise.all([page(sql, query), countByState(sql, query)])
    const shown = rows.slice(0, query.limit)
    const last = rows.length > query.limit ? shown.at(-1) : undefined
    return {
      items: shown.map(summaryOf),
      ...(last === undefined ? {} : { next: cursorOf(last.seq) }),
      counts,
    }
  })

function page(sql: TenantSql, query: Query): Promise<readonly (SummaryRow & { seq: number })[]> {
  const before = seqOf(query.cursor)
  return sql<(SummaryRow & { seq: number })[]>`
    ${selected(sql)}, d.seq
    ${joined(sql)}
     where true
       ${narrowed(sql, query)}
       ${query.state === 'all' ? sql`` : sql`and d.state = ${query.state}`}
       ${before === undefined ? sql`` : sql`and d.seq < ${before}`}
     order by d.seq desc
     limit ${query.limit + 1}`
}

async function countByState(sql: TenantSql, query: Query): Promise<Answer['counts']> {
  const rows = await sql<{ state: keyof Answer['counts']; count: number }[]>`
    select d.state, count(*) as count from actions.delivery d
     where true ${narrowed(sql, query)} group by d.state`
  const counts = { queued: 0, retrying: 0, delivered: 0, dead: 0 }
  for (const { state, count } of rows) counts[state] = count
  return counts
}

const cursorOf = (seq: number): string => Buffer.from(String(seq)).toString('base64url')

/** A cursor that nobody gave reads as the beginning. */
function seqOf(cursor: string | undefined): number | undefined {
  const text = Buffer.from(cursor ?? '', 'base64url').toString('latin1')
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined
}

/** One delivery with its attempts. @throws `actions.unknown-delivery` */
export const readDelivery = (db: Database, tenant: number, id: string): Promise<DeliveryDetail> =>
  inTenant(db, tenant, async (sql) => {
    const [[row], log] = await Promise.all([
      sql<(SummaryRow & { url: string | null; body: string })[]>`
        ${selected(sql)}, t.url, d.body ${joined(sql)} where d.id = ${id}`,
      sql<(Omit<Attempt, 'at'> & { at: Date })[]>`
        select number, at, took_ms as "tookMs", status, error, response
          from actions.attempt where delivery = ${id} order by number`,
    ])
    if (!row) throw refuse.unknownDelivery()
    return {
      ...summaryOf(row),
      url: row.url ?? '',
      body: JSON.parse(row.body) as DeliveryDetail['body'],
      log: log.map((one) => ({ ...one, at: one.at.toISOString() })),
    }
  })

/**
 * Queues a dead letter again, under the same id and with as many attempts as it had.
 *
 * @param attempts how many it may have
 * @throws `actions.unknown-delivery`, `actions.not-dead`
 */
export const replayDelivery = (
  db: Database,
  act: Act,
  id: string,
  { attempts, nowMs }: { readonly attempts: number; readonly nowMs: number },
): Promise<DeliverySummary> =>
  inTenant(db, act.tenant, async (sql) => {
    const now = new Date(nowMs)
    const replayed = await sql`
      update actions.delivery d
         set state = 'queued', settled_at = null, next_attempt_at = ${now}, replayed_at = ${now},
             attempts_allowed = d.attempts + ${attempts}::int
       where id = ${id} and state = 'dead'
      returning id`
    const [row] = await sql<SummaryRow[]>`${selected(sql)} ${joined(sql)} where d.id = ${id}`
    if (!row) throw refuse.unknownDelivery()
    if (replayed.length === 0) throw refuse.notDead({ detail: `It is ${row.state}.` })
    const { actor, requestId, address } = act
    const facts = { before: { state: 'dead' }, after: { state: 'queued' }, requestId, address }
    await record(sql, {
      actor,
      action: 'actions.delivery-replayed',
      subject: `delivery:${id}`,
      ...facts,
    })
    return summaryOf(row)
  })

/** What an alert caused, in order. */
export const deliveriesOf = (
  db: Database,
  tenant: number,
  alert: string,
): Promise<DeliverySummary[]> =>
  inTenant(db, tenant, async (sql) => {
    const rows = await sql<SummaryRow[]>`
      ${selected(sql)} ${joined(sql)} where d.alert = ${alert} order by d.seq`
    return rows.map(summaryOf)
  })

export interface Range {
  /** Epoch milliseconds; `to` is outside. */
  readonly from: number
  readonly to: number
}

/** The newest 500 deliveries about a device that were queued within a range, in order. */
export const deliveriesBetween = (
  db: Database,
  tenant: number,
  device: string,
  { from, to }: Range,
): Promise<DeliverySummary[]> =>
  inTenant(db, tenant, async (sql) => {
    const rows = await sql<SummaryRow[]>`
      ${selected(sql)} ${joined(sql)}
       where d.device = ${device} and d.created_at >= ${new Date(from)} and d.created_at < ${new Date(to)}
       order by d.created_at desc, d.seq desc
       limit 500`
    return rows.map(summaryOf).reverse()
  })

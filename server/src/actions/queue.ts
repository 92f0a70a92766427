import type { DeliverySummary } from '@pulse/contract'
import { type Database, emit, type PipelineSql } from '#platform'
import { type SummaryRow, summaryOf } from './summary.ts'

/** A delivery that this worker may send, until its lease ends. */
export interface Claim {
  readonly tenant: number
  readonly id: string
  readonly destination: string
  readonly body: string
  /** Attempts that were made before. */
  readonly attempts: number
  readonly attemptsAllowed: number
  /** Undefined when there is no destination of this key. */
  readonly url: string | undefined
  /** Its secret, as the vault keeps it. */
  readonly sealed: string | undefined
  readonly privateAllowed: boolean
}

/** How an attempt ended, and what becomes of the delivery. */
export interface Outcome {
  readonly tenant: number
  readonly id: string
  /** The lease under which it was made. */
  readonly lease: string
  readonly state: 'retrying' | 'delivered' | 'dead'
  /** Only while it is retried, epoch ms. */
  readonly nextAttemptAt: number | undefined
  readonly at: number
  readonly tookMs: number
  readonly status: number | undefined
  readonly error: string | undefined
  readonly response: string | undefined
}

/** Room at a destination, where it is not the usual. */
export interface Room {
  readonly tenant: number
  readonly destination: string
  readonly free: number
}

export interface ClaimRequest {
  /** Name of the lease, one for each call: {@link leaseOf}. */
  readonly lease: string
  readonly at: number
  readonly until: number
  /** At most this many in all. */
  readonly limit: number
  /** At most this many per destination that `rooms` does not name. */
  readonly perDestination: number
  readonly rooms: readonly Room[]
}

/**
 * Takes deliveries that are due. It walks the destinations that have any (one step of an index
 * each, so the length of a backlog does not matter), in random order so that none starves, and
 * leaves out what waits for an earlier delivery of its alert.
 */
export async function claimDue(sql: PipelineSql, request: ClaimRequest): Promise<readonly Claim[]> {
  const at = new Date(request.at)
  const rows = await sql<
    (Omit<Claim, 'url' | 'sealed'> & { url: string | null; sealed: string | null })[]
  >`
    with recursive busy as (
      (select tenant, destination from actions.delivery
        where settled_at is null order by tenant, destination limit 1)
      union all
      select n.tenant, n.destination
        from busy b
       cross join lateral (
         select tenant, destination from actions.delivery
          where settled_at is null and (tenant, destination) > (b.tenant, b.destination)
          order by tenant, destination limit 1) n
    ), room as (
      select b.tenant, b.destination, coalesce(r.free, ${request.perDestination}::int) as free
        from busy b
        left join json_to_recordset(${JSON.stringify(request.rooms)}::text::json)
             as r(tenant bigint, destination text collate "C", free int) using (tenant, destination)
       where b.tenant <> all ((select registry.suspended_tenants())::bigint[])
       order by random()
    ), due as (
      select room.tenant, room.destination, d.id
        from room
       cross join lateral (
         select id from actions.delivery d
          where settled_at is null and tenant = room.tenant and destination = room.destination
            and next_attempt_at <= ${at} and (locked_until is null or locked_until <= ${at})
            and seq = (
              select e.seq from actions.delivery e
               where e.settled_at is null and e.tenant = d.tenant and e.destination = d.destination
                 and e.alert = d.alert
               order by e.seq limit 1)
          order by next_attempt_at, seq
          limit room.free
            for update skip locked) d
       where room.free > 0
       limit ${request.limit}
    )
    update actions.delivery d
       set claimed_by = ${request.lease}, locked_until = ${new Date(request.until)}
      from due
      left join actions.destination t on t.tenant = due.tenant and t.key = due.destination
     where d.tenant = due.tenant and d.id = due.id
    returning d.tenant, d.id, d.destination, d.body, d.attempts, d.attempts_allowed as "attemptsAllowed",
              t.url, t.sealed, coalesce(t.private_allowed, false) as "privateAllowed"`
  return rows.map((row) => ({ ...row, url: row.url ?? undefined, sealed: row.sealed ?? undefined }))
}

/** A delivery after its attempt, with the tenant whose it is. */
export interface Settled {
  readonly tenant: number
  readonly summary: DeliverySummary
}

/**
 * Writes what became of attempts, with the attempt log and the events, in one transaction. A
 * delivery whose lease went to somebody else meanwhile is left alone: it is theirs to settle.
 */
export function settle(
  db: Database,
  outcomes: readonly Outcome[],
  atMs: number,
): Promise<readonly Settled[]> {
  return db.begin(async (tx) => {
    const sql = tx as unknown as PipelineSql
    const rows = await writeOutcomes(sql, outcomes, atMs)
    const settled = rows.map((row) => ({ tenant: row.tenant, summary: summaryOf(row) }))
    await emit(sql, settled.flatMap(settledEvent), atMs)
    return settled
  }) as Promise<readonly Settled[]>
}

function settledEvent({ tenant, summary: { id, state } }: Settled) {
  if (state !== 'delivered' && state !== 'dead') return []
  const data = { delivery: id, state } as const
  return [{ type: 'actions.delivery-settled', tenant, subject: `delivery:${id}`, data } as const]
}

function writeOutcomes(sql: PipelineSql, outcomes: readonly Outcome[], atMs: number) {
  const instant = (ms: number | undefined) => (ms === undefined ? null : new Date(ms).toISOString())
  const settledAt = instant(atMs)
  const texts = outcomes.map((outcome) => ({
    tenant: outcome.tenant,
    id: outcome.id,
    lease: outcome.lease,
    state: outcome.state,
    next: instant(outcome.nextAttemptAt),
    settled: outcome.state === 'retrying' ? null : settledAt,
    at: instant(outcome.at),
    took: outcome.tookMs,
    status: outcome.status ?? null,
    error: outcome.error ?? null,
    response: outcome.response ?? null,
  }))
  return sql<(SummaryRow & { tenant: number })[]>`
    with settled as (
      update actions.delivery d
         set state = r.state, attempts = d.attempts + 1, next_attempt_at = r.next, settled_at = r.settled,
             last_status = r.status, last_error = r.error, claimed_by = null, locked_until = null
        from json_to_recordset(${JSON.stringify(texts)}::text::json)
             as r(tenant bigint, id text, lease text, state text, next timestamptz,
                  settled timestamptz, at timestamptz, took float8, status int, error text, response text)
       where d.tenant = r.tenant and d.id = r.id and d.claimed_by = r.lease and d.settled_at is null
      returning d.*, r.at as attempted_at, r.took, r.response
    ), logged as (
      insert into actions.attempt (tenant, delivery, number, at, took_ms, status, error, response)
      select tenant, id, attempts, attempted_at, took, last_status, last_error, response from settled
    ), held as (
      -- What waits for a delivery need not be looked at before that is tried again.
      update actions.delivery d
         set next_attempt_at = s.next_attempt_at
        from settled s
       where s.state = 'retrying' and d.settled_at is null and d.claimed_by is null
         and d.tenant = s.tenant and d.destination = s.destination and d.alert = s.alert
         and d.seq > s.seq and d.next_attempt_at < s.next_attempt_at
    )
    select s.tenant, s.id, s.destination, coalesce(t.name, s.destination) as "destinationName", s.event,
           s.alert, s.device, s.title, s.state, s.attempts, s.created_at as "createdAt",
           s.settled_at as "settledAt", s.next_attempt_at as "nextAttemptAt",
           s.last_status as "lastStatus", s.last_error as "lastError"
      from settled s
      left join actions.destination t on t.tenant = s.tenant and t.key = s.destination`
}

/** Leases name their worker and its round, so that no late outcome settles a newer claim. */
export const leaseOf = (worker: string, round: number): string => `${worker}/${round}`

/** Ends the leases of one worker, or of all when no other can be alive. */
export const release = (sql: PipelineSql, worker: string | undefined): Promise<unknown> =>
  sql`
    update actions.delivery set claimed_by = null, locked_until = null
     where settled_at is null and claimed_by is not null
       and starts_with(claimed_by, ${worker === undefined ? '' : `${worker}/`})`.execute()

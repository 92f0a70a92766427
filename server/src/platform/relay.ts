import type { EventType } from '@pulse/contract'
import { type Clock, every } from './clock.ts'
import type { Log } from './log.ts'
import { type ConnectionFacts, connect, type Database, databaseIsDown } from './sql.ts'

/** An event as the relay hands it on. */
export interface RelayedEvent {
  readonly id: string
  readonly position: number
  readonly tenant: number
  readonly type: EventType
  readonly subject: string
  readonly at: string
  readonly data: Readonly<Record<string, unknown>>
}

export interface Relay {
  /** Calls `listener` with each event, in order of position. It must not throw. */
  on(listener: (event: RelayedEvent) => void): void
  start(): Promise<void>
  close(): Promise<void>
}

/** Events older than this are deleted, days. */
const KEEP_DAYS = 30

/**
 * Gives each event in the outbox its position, in commit order, and hands it on. One relay works
 * at a time (an advisory lock), so positions have one source. It listens for `pulse_outbox` and
 * looks once a second besides, so a lost notification costs a second and nothing else.
 */
export function createRelay(deps: { facts: ConnectionFacts; clock: Clock; log: Log }): Relay {
  const { facts, clock, log } = deps
  const listeners: ((event: RelayedEvent) => void)[] = []
  const db = connect(facts, 'pulse_pipeline', { max: 1, name: 'pulse relay' })
  const ears = connect(facts, 'pulse_pipeline', { max: 1, name: 'pulse relay ears' })
  let working: Promise<void> | undefined
  let again = false
  let prunedAt = 0

  const work = async (): Promise<void> => {
    do {
      again = false
      for (const event of await place(db)) {
        for (const listener of listeners) listener(event)
      }
    } while (again)
    if (clock.now() - prunedAt < 3_600_000) return
    prunedAt = clock.now()
    await db`delete from platform.outbox where at < now() - ${KEEP_DAYS}::int * interval '1 day'`
  }
  const run = (): Promise<void> => {
    again = true
    working ??= work().finally(() => {
      working = undefined
    })
    return working
  }
  const failed = (error: unknown) => {
    if (!databaseIsDown(error)) log.error({ err: error }, 'relay failed')
  }
  const look = every(clock, 1000, run, failed)

  return {
    on: (listener) => void listeners.push(listener),
    async start() {
      await run()
      await ears.listen('pulse_outbox', () => void run().catch(failed))
    },
    async close() {
      await look.stop()
      await working?.catch(failed)
      await Promise.all([db.end({ timeout: 1 }), ears.end({ timeout: 1 })])
    },
  }
}

/** Gives positions to up to 1,000 events; none when another relay works. */
async function place(db: Database): Promise<RelayedEvent[]> {
  return db.begin(async (sql) => {
    const [lock] = await sql<{ mine: boolean }[]>`
      select pg_try_advisory_xact_lock(hashtext('pulse.relay')) as mine`
    if (!lock?.mine) return []
    const placed = await sql<(Omit<RelayedEvent, 'at'> & { at: Date })[]>`
      with next as (
        select id, nextval('platform.outbox_position') as position
          from (select id from platform.outbox where position is null order by at, id limit 1000) waiting)
      update platform.outbox o
         set position = next.position
        from next
       where o.id = next.id
      returning o.id, o.position, o.tenant, o.type, o.subject, o.at, o.data`
    return placed
      .map((event) => ({ ...event, at: event.at.toISOString() }))
      .sort((a, b) => a.position - b.position)
  })
}

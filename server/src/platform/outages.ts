import { type Clock, every } from './clock.ts'
import type { Log } from './log.ts'
import { type Database, databaseIsDown } from './sql.ts'

/** A time in which Pulse itself was away, epoch milliseconds. */
export interface Outage {
  readonly from: number
  readonly until: number
}

export interface Outages {
  /** Reads what is known, records the time since the last beat as an outage, and begins to beat. */
  start(): Promise<void>
  /** In order, at most the last 100. */
  list(): readonly Outage[]
  /** End of the last one, epoch ms; 0 when there was none. */
  awayUntil(): number
  close(): Promise<void>
}

const BEAT_MS = 1000
/** A gap longer than this between two beats is an outage. */
const GAP_MS = 5000

/**
 * Records when Pulse was away (not running, or without its database), so that silence of devices
 * meanwhile opens no alert. `db` is a pool of `pulse_pipeline`.
 */
export function createOutages(deps: { db: Database; clock: Clock; log: Log }): Outages {
  const { db, clock, log } = deps
  let known: Outage[] = []
  let lastBeat: number | undefined

  const beat = async (): Promise<void> => {
    const now = clock.now()
    if (lastBeat !== undefined && now - lastBeat > GAP_MS) {
      const outage = { from: lastBeat, until: now }
      await db`
        insert into platform.outage (began_at, ended_at)
        values (${new Date(outage.from)}, ${new Date(outage.until)})
        on conflict do nothing`
      known = [...known, outage].slice(-100)
    }
    await db`
      insert into platform.heartbeat (at) values (${new Date(now)})
      on conflict (only_row) do update set at = excluded.at`
    lastBeat = now
  }
  const failed = (error: unknown) => {
    if (!databaseIsDown(error)) log.error({ err: error }, 'heartbeat failed')
  }
  let beats: { stop(): Promise<void> } | undefined

  return {
    async start() {
      const rows = await db<{ from: Date; until: Date }[]>`
        select began_at as "from", ended_at as "until" from platform.outage order by began_at desc limit 100`
      known = rows
        .map(({ from, until }) => ({ from: from.getTime(), until: until.getTime() }))
        .reverse()
      const [row] = await db<{ at: Date }[]>`select at from platform.heartbeat`
      lastBeat = row?.at.getTime()
      await beat()
      beats = every(clock, BEAT_MS, beat, failed)
    },
    list: () => known,
    awayUntil: () => known.at(-1)?.until ?? 0,
    async close() {
      await beats?.stop()
    },
  }
}

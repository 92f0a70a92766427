import type { Database } from '#platform'

const DAY_MS = 86_400_000

const dayOf = (tsMs: number): number => Math.floor(tsMs / DAY_MS)

/** Keeps the partitions of `stream.message`: made ahead, made on demand for late data, dropped when old. */
export interface Partitions {
  /** True when the day of `tsMs` certainly has its partition. */
  has(tsMs: number): boolean
  /** Creates the partitions of these instants that are missing. */
  ensure(instants: readonly number[]): Promise<void>
  /** Makes today's and tomorrow's, drops what is past the hot period, keeps the indexes summarised. */
  maintain(nowMs: number): Promise<void>
}

/** `db` is a pool as `pulse_owner`; `hotDays` is the platform-wide hot period. */
export function createPartitions(db: Database, hotDays: number): Partitions {
  const known = new Set<number>()

  async function ensure(instants: readonly number[]): Promise<void> {
    for (const day of new Set(instants.map(dayOf))) {
      if (known.has(day)) continue
      const date = new Date(day * DAY_MS).toISOString().slice(0, 10)
      await db`select stream.ensure_day(${date}::date)`
      known.add(day)
    }
  }

  async function dropOld(nowMs: number): Promise<void> {
    const oldest = new Date((dayOf(nowMs) - hotDays) * DAY_MS).toISOString().slice(0, 10)
    const leaf = `message_${oldest.replaceAll('-', '')}`
    const old = await db<{ name: string }[]>`
      select c.relname as name
        from pg_inherits i
        join pg_class c on c.oid = i.inhrelid
       where i.inhparent = 'stream.message'::regclass
         and c.relname < ${leaf}`
    for (const { name } of old) {
      // Concurrently: readers and writers of the other days are not held up.
      await db.unsafe(`alter table stream.message detach partition stream."${name}" concurrently`)
      await db.unsafe(`drop table stream."${name}"`)
    }
    if (old.length > 0) known.clear()
  }

  return {
    has: (tsMs) => known.has(dayOf(tsMs)),
    ensure,
    async maintain(nowMs) {
      await ensure([nowMs, nowMs + DAY_MS])
      await dropOld(nowMs)
    },
  }
}

/**
 * Summarises new pages of the block-range indexes on `received_at`, which the recovery of heads
 * reads: without it a crash would make it read whole partitions.
 */
export async function summariseArrivals(db: Database): Promise<void> {
  await db`
    select brin_summarize_new_values(x.indexrelid)
      from pg_index x
      join pg_class c on c.oid = x.indexrelid
      join pg_am a on a.oid = c.relam
      join pg_inherits i on i.inhrelid = x.indrelid
     where i.inhparent = 'stream.message'::regclass
       and a.amname = 'brin'`
}

import { type Rejection, refusalOf } from '@pulse/contract'
import { type Clock, type Database, every, type Log } from '#platform'
import type { RejectFacts } from './ingress.ts'

/** Rows kept per device, code and minute before sampling begins, and one in how many after. */
const FIRST_PER_MINUTE = 1
const ONE_IN = 100
const EXCERPT_BYTES = 512
/** Rows that wait to be written; past this the flood is only counted. */
const MAX_WAITING = 5000

interface Row {
  readonly tenant: number
  readonly at: number
  readonly device: string | null
  readonly code: string
  readonly message: string
  readonly topic: string | null
  readonly messageId: string | null
  readonly source: 'mqtt' | 'http'
  readonly address: string | null
  readonly excerpt: string | null
  readonly count: number
}

export interface Rejections {
  /** Counts a refusal, and records it unless a flood of its like is sampled. Never throws, never waits. */
  record(facts: RejectFacts): void
  /** Resolves when everything recorded before is durable, for refusals that must be before they are told. */
  settled(): Promise<void>
  onRecorded(listener: (tenant: number, rejection: Rejection) => void): void
  /** Refusals since the start. */
  readonly total: number
  close(): Promise<void>
}

/**
 * Keeps refusals: exact counters per tenant, code and minute, and rows that are sampled under a
 * flood, so that refusing is never dearer than accepting. Writes gather for a few milliseconds.
 */
export function createRejections(deps: {
  readonly db: Database
  readonly clock: Clock
  readonly log: Log
}): Rejections {
  const { db, clock, log } = deps
  const listeners: ((tenant: number, rejection: Rejection) => void)[] = []
  let counts = new Map<string, number>()
  let waiting: Row[] = []
  let seen = new Map<string, number>()
  let seenMinute = 0
  let total = 0
  let serial = 0
  let writing: Promise<void> | undefined
  let recorded = 0
  let durable = 0
  const waiters: { readonly upTo: number; readonly resolve: () => void }[] = []

  const sample = (facts: RejectFacts, tenant: number, minute: number): number => {
    if (minute !== seenMinute) {
      seen = new Map()
      seenMinute = minute
    }
    const key = `${tenant}/${facts.device?.id ?? facts.origin.address}/${facts.code}`
    const before = seen.get(key) ?? 0
    seen.set(key, before + 1)
    if (before < FIRST_PER_MINUTE) return 1
    return before % ONE_IN === 0 ? ONE_IN : 0
  }

  const write = async (): Promise<void> => {
    while (durable < recorded) {
      const [rows, counted, upTo] = [waiting, counts, recorded]
      waiting = []
      counts = new Map()
      try {
        await writeRows(db, rows, counted)
      } catch (error) {
        waiting = [...rows, ...waiting].slice(-MAX_WAITING)
        for (const [key, count] of counted) counts.set(key, (counts.get(key) ?? 0) + count)
        throw error
      }
      durable = upTo
      while (waiters[0] && waiters[0].upTo <= durable) waiters.shift()?.resolve()
    }
  }
  const flush = (): Promise<void> => {
    writing ??= write().finally(() => {
      writing = undefined
    })
    return writing
  }
  const failed = (error: unknown) => log.warn({ err: error }, 'rejections wait')
  const flusher = every(clock, 100, flush, failed)

  return {
    record(facts) {
      total++
      const { tenant } = facts
      if (tenant === undefined) return
      recorded++
      const at = clock.now()
      const minute = Math.floor(at / 60_000)
      const key = `${tenant}/${facts.code}/${minute}`
      counts.set(key, (counts.get(key) ?? 0) + 1)
      const count = sample(facts, tenant, minute)
      if (count === 0 || waiting.length >= MAX_WAITING) return
      const row = rowOf(facts, tenant, at, count)
      waiting.push(row)
      for (const listener of listeners) listener(tenant, wireOf(row, `live-${++serial}`))
    },
    settled() {
      if (durable >= recorded) return Promise.resolve()
      const settled = new Promise<void>((resolve) => waiters.push({ upTo: recorded, resolve }))
      flush().catch(failed)
      return settled
    },
    onRecorded: (listener) => void listeners.push(listener),
    get total() {
      return total
    },
    async close() {
      await flusher.stop()
      await flush()
    },
  }
}

function rowOf(facts: RejectFacts, tenant: number, at: number, count: number): Row {
  return {
    tenant,
    at,
    device: facts.device?.key ?? null,
    code: facts.code,
    message: clean(facts.detail).slice(0, 500),
    topic: facts.origin.topic === undefined ? null : clean(facts.origin.topic).slice(0, 256),
    messageId: facts.messageId ?? null,
    source: facts.origin.source,
    address: facts.origin.address ?? null,
    excerpt: facts.payload ? clean(excerptOf(facts.payload)) : null,
    count,
  }
}

const excerptOf = (payload: Uint8Array): string =>
  Buffer.from(
    payload.buffer,
    payload.byteOffset,
    Math.min(payload.byteLength, EXCERPT_BYTES),
  ).toString('utf8')

/** PostgreSQL stores neither NUL nor half a surrogate pair. */
const clean = (text: string): string => text.toWellFormed().replaceAll('\0', '\u2400')

const wireOf = (row: Row, id: string): Rejection => ({
  id,
  at: new Date(row.at).toISOString(),
  device: row.device as Rejection['device'],
  code: row.code,
  message: row.message,
  remedy: refusalOf(row.code as Parameters<typeof refusalOf>[0]).remedy,
  topic: row.topic,
  messageId: row.messageId,
  source: row.source,
  address: row.address,
  excerpt: row.excerpt,
  count: row.count,
})

async function writeRows(
  db: Database,
  rows: readonly Row[],
  counts: ReadonlyMap<string, number>,
): Promise<void> {
  const counted = [...counts].map(([key, count]) => {
    const [tenant, code, minute] = key.split('/')
    return { tenant: Number(tenant), code, minute: Number(minute) * 60, count }
  })
  await db.begin(async (sql) => {
    await sql`
      insert into connect.rejection (tenant, at, device, code, message, topic, message_id, source, address, excerpt, count)
      select tenant, to_timestamp(at / 1000.0::float8), device, code, message, topic, "messageId", source, address, excerpt, count
        from json_to_recordset(${JSON.stringify(rows)}::text::json)
             as r(tenant bigint, at float8, device text, code text, message text, topic text, "messageId" text,
                  source text, address text, excerpt text, count int)`
    await sql`
      insert into connect.rejection_count (tenant, code, minute, count)
      select tenant, code, to_timestamp(minute), count
        from json_to_recordset(${JSON.stringify(counted)}::text::json)
             as r(tenant bigint, code text, minute float8, count bigint)
      on conflict (tenant, code, minute) do update
         set count = connect.rejection_count.count + excluded.count`
  })
}

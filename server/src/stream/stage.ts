import type { Batch, MessageItem, Point, Stage, StageFactory } from '#connect'
import type { PipelineSql } from '#platform'
import type { Partitions } from './partitions.ts'

/** An `id` sent without `ts` is recognised for at least this long. */
const RECOGNISED_MS = 15 * 60 * 1000

interface Draft {
  /** JSON text of the rows to insert, or undefined. */
  readonly rows: string | undefined
  readonly newest: ReadonlyMap<number, number>
  /** Ids sent without a time: [device, id]. */
  readonly untimed: readonly (readonly [number, string])[]
  readonly at: number
}

const identity = (device: number, ts: number, id: string): string => `${device}/${ts}/${id}`

/**
 * Stores messages, and says of each point whether it is new.
 *
 * A point newer than everything its device has sent is new without asking; only late and repeated
 * points are looked up, so ordinary traffic costs no read. `newest` is restored per device on first
 * touch from the primary key.
 */
export const streamStage =
  (partitions: Partitions): StageFactory =>
  async () => {
    const newest = new Map<number, number>()
    const recent = createRecentIds()
    let stored: ReadonlySet<string> = new Set()

    const stage: Stage<Draft> = {
      name: 'stream',
      load(sql, batch) {
        stored = new Set()
        const wanted = wantedOf(batch, newest, recent, partitions)
        if (!wanted) return undefined
        return loadWanted(sql, wanted, partitions).then((loaded) => {
          keepNewest(newest, wanted.devices, loaded.newest)
          for (const device of wanted.untimed) recent.restore(device, batch.at)
          for (const row of loaded.recent) recent.add(row.device, row.id, batch.at)
          stored = new Set(loaded.stored.map((row) => identity(row.device, row.ts, row.id)))
        })
      },
      plan: (batch) => planBatch(batch, newest, recent, stored),
      write(sql, draft) {
        if (draft.rows === undefined) return []
        return [insertRows(sql, draft.rows)]
      },
      apply(draft) {
        for (const [device, ts] of draft.newest) newest.set(device, ts)
        for (const [device, id] of draft.untimed) recent.add(device, id, draft.at)
      },
    }
    return stage
  }

/** A device without a row has none that is newer than anything. */
function keepNewest(
  newest: Map<number, number>,
  asked: ReadonlySet<number>,
  found: readonly { readonly device: number; readonly ts: number }[],
): void {
  for (const device of asked) newest.set(device, Number.NEGATIVE_INFINITY)
  for (const { device, ts } of found) newest.set(device, ts)
}

const insertRows = (sql: PipelineSql, rows: string): Promise<unknown> =>
  sql`
    insert into stream.message (tenant, device, ts, id, kind, received_at, data, extra)
    select t, d, to_timestamp(s / 1000.0::float8), i, k, to_timestamp(r / 1000000.0::float8), m, x
      from json_to_recordset(${rows}::text::json)
           as r(t bigint, d bigint, s float8, i text, k "char", r float8, m json, x json)
    on conflict do nothing`.execute()

function planBatch(
  batch: Batch,
  cached: ReadonlyMap<number, number>,
  recent: RecentIds,
  stored: ReadonlySet<string>,
): Draft {
  const newest = new Map<number, number>()
  const untimed: [number, string][] = []
  const untimedHere = new Set<string>()
  const rows: string[] = []
  let planned: Set<string> | undefined
  const done: [number, number, string][] = []

  const isFresh = (item: MessageItem, point: Point, before: number): boolean => {
    const { id: device } = item.device
    if (isUntimed(item)) {
      const here = `${device}/${item.id}`
      if (recent.has(device, item.id) || untimedHere.has(here)) return false
      untimedHere.add(here)
      untimed.push([device, item.id])
    }
    if (point.ts > before) return true
    const key = identity(device, point.ts, item.id)
    if (stored.has(key)) return false
    planned ??= new Set(done.map((row) => identity(...row)))
    return !planned.has(key)
  }

  for (const item of batch.items) {
    if (item.kind !== 'message') continue
    const device = item.device.id
    for (const point of item.points) {
      const before = newest.get(device) ?? cached.get(device) ?? Number.NEGATIVE_INFINITY
      point.fresh = isFresh(item, point, before)
      point.late = point.ts < before
      if (!point.fresh) continue
      if (point.ts > before) newest.set(device, point.ts)
      done.push([device, point.ts, item.id])
      planned?.add(identity(device, point.ts, item.id))
      rows.push(rowText(item, point))
    }
  }
  return {
    rows: rows.length > 0 ? `[${rows.join(',')}]` : undefined,
    newest,
    untimed,
    at: batch.at,
  }
}

/** Put together by hand: the texts are JSON already, ids and kinds need no escape. */
function rowText(item: MessageItem, point: Point): string {
  const extra = item.extra === undefined ? '' : `,"x":${item.extra}`
  return `{"t":${item.device.tenant.id},"d":${item.device.id},"s":${point.ts},"i":"${item.id}","k":"${item.type[0]}","r":${item.receivedAt},"m":${point.text}${extra}}`
}

const isUntimed = (item: MessageItem): boolean => !item.timed && item.id[0] !== '~'

interface Wanted {
  /** Devices whose newest point is not known. */
  readonly devices: Set<number>
  /** Devices whose recent ids are wanted. */
  readonly untimed: Set<number>
  /** Points that may be stored already. */
  readonly points: [number, number, string][]
  readonly days: number[]
  readonly at: number
}

/** What the caches lack for this batch; undefined, mostly, when they lack nothing. */
function wantedOf(
  batch: Batch,
  newest: ReadonlyMap<number, number>,
  recent: RecentIds,
  partitions: Partitions,
): Wanted | undefined {
  const wanted: Wanted = {
    devices: new Set(),
    untimed: new Set(),
    points: [],
    days: [],
    at: batch.at,
  }
  const running = new Map<number, number>()
  for (const item of batch.items) {
    if (item.kind !== 'message') continue
    const device = item.device.id
    const cached = newest.get(device)
    if (cached === undefined) wanted.devices.add(device)
    if (isUntimed(item) && !recent.knows(device)) wanted.untimed.add(device)
    for (const { ts } of item.points) {
      if (!partitions.has(ts)) wanted.days.push(ts)
      const before = running.get(device) ?? cached
      if (before !== undefined && ts > before) running.set(device, ts)
      else wanted.points.push([device, ts, item.id])
    }
  }
  const lacks =
    wanted.devices.size + wanted.untimed.size + wanted.points.length + wanted.days.length
  return lacks > 0 ? wanted : undefined
}

interface StoredRow {
  readonly device: number
  readonly ts: number
  readonly id: string
}

async function loadWanted(sql: PipelineSql, wanted: Wanted, partitions: Partitions) {
  if (wanted.days.length > 0) await partitions.ensure(wanted.days)
  const none = Promise.resolve([])
  const points = JSON.stringify(wanted.points.map(([d, s, i]) => ({ d, s, i })))
  const [newest, stored, recent] = await Promise.all([
    wanted.devices.size === 0 ? none : loadNewest(sql, [...wanted.devices]),
    wanted.points.length === 0
      ? none
      : sql<StoredRow[]>`
          select m.device, (extract(epoch from m.ts) * 1000)::float8 as ts, m.id
            from json_to_recordset(${points}::text::json) as p(d bigint, s float8, i text)
            join stream.message m
              on m.device = p.d and m.ts = to_timestamp(p.s / 1000.0::float8) and m.id = p.i`,
    wanted.untimed.size === 0
      ? none
      : sql<{ device: number; id: string }[]>`
          select device, id
            from stream.message
           where device = any(${[...wanted.untimed]}::bigint[])
             and ts > ${new Date(wanted.at - RECOGNISED_MS)}
             and left(id, 1) <> '~'`,
  ])
  return { newest, stored, recent }
}

const loadNewest = (sql: PipelineSql, devices: readonly number[]) =>
  sql<{ device: number; ts: number }[]>`
    select d.device, (extract(epoch from n.ts) * 1000)::float8 as ts
      from unnest(${devices as number[]}::bigint[]) as d(device)
     cross join lateral (
       select ts from stream.message where device = d.device order by ts desc limit 1) n`

interface RecentIds {
  knows(device: number): boolean
  has(device: number, id: string): boolean
  add(device: number, id: string, nowMs: number): void
  /** Notes that the device's recent ids have been read from the database. */
  restore(device: number, nowMs: number): void
}

/** Two generations of ids, each lived in for 15 minutes: an id is kept for 15 to 30. */
function createRecentIds(): RecentIds {
  type Generation = Map<number, Set<string>>
  let current: Generation = new Map()
  let previous: Generation = new Map()
  let turnedAt = 0

  const turn = (nowMs: number) => {
    if (nowMs - turnedAt < RECOGNISED_MS) return
    previous = nowMs - turnedAt < 2 * RECOGNISED_MS ? current : new Map()
    current = new Map([...previous.keys()].map((device) => [device, new Set<string>()]))
    turnedAt = nowMs
  }
  const restore = (device: number, nowMs: number) => {
    turn(nowMs)
    if (!current.has(device)) current.set(device, new Set())
  }
  return {
    knows: (device) => current.has(device),
    has: (device, id) => (current.get(device)?.has(id) || previous.get(device)?.has(id)) ?? false,
    restore,
    add(device, id, nowMs) {
      restore(device, nowMs)
      current.get(device)?.add(id)
    },
  }
}

import type { Batch, Item, Stage, StageFactory } from '#connect'
import type { PipelineSql } from '#platform'
import { type Device, type IndexPatch, patchIndex } from '#registry'
import {
  firmwareOf,
  type Head,
  headRow,
  newHead,
  readingOf,
  takeMessage,
  takePresence,
} from './head.ts'
import { statusOf } from './presence.ts'
import { type RestoreDeps, restoreHeads } from './restore.ts'

/** A head is written at most this often. */
const FLUSH_EVERY_MICROS = 2_000_000
/** Heads written with one batch at most, so that no batch becomes slow. */
const FLUSH_ROWS = 500
/** How often the index hears of a device that only sends. */
const INDEX_EVERY_MS = 60_000

interface Transition {
  readonly device: Device
  readonly status: Head['status']
  readonly at: number
}

interface Draft {
  readonly batch: Batch
  readonly transitions: readonly Transition[]
  readonly sessions: ReadonlyMap<number, Head>
  readonly flushed: readonly Head[]
  readonly indexed: readonly Head[]
  /** Everything received up to here is written once this draft is; epoch microseconds. */
  readonly through: number
}

export interface StateStageDeps extends RestoreDeps {
  /** All heads of all lanes, for whoever reads them. */
  readonly heads: Map<number, Head>
  /** End of the last time that Pulse was away, epoch ms. */
  readonly awayUntil: () => number
}

/**
 * Keeps the heads and the status of devices. Heads are folded in memory after the commit and
 * written behind, a few with each batch; transitions of status are facts and are written with
 * the batch that causes them.
 */
export const stateStage =
  (deps: StateStageDeps): StageFactory =>
  async (lane) => {
    const heads = await restoreHeads(lane, deps)
    // After the loss of its connection a lane restores what it had; the sessions live on.
    for (const head of heads.values()) {
      const before = deps.heads.get(head.device.id)
      if (before) Object.assign(head, { session: before.session, indexedAt: before.indexedAt })
    }
    const dirty = new Map<number, Head>()
    for (const head of [...heads.values()].sort((a, b) => a.dirtySince - b.dirtySince)) {
      deps.heads.set(head.device.id, head)
      if (head.dirtySince > 0) dirty.set(head.device.id, head)
      const { until } = statusOf(head.device, signalsOf(head, deps.awayUntil()), 0)
      if (until !== undefined) lane.wake(head.device, until)
    }

    const stage: Stage<Draft> = {
      name: 'state',
      plan: (batch) => planBatch(batch, { heads, dirty, awayUntil: deps.awayUntil() }),
      write: (sql, draft) => writeDraft(sql, draft, lane.index),
      apply(draft) {
        for (const head of draft.flushed) {
          head.dirtySince = 0
          dirty.delete(head.device.id)
        }
        for (const head of draft.indexed) head.indexedAt = draft.batch.at
        for (const item of draft.batch.items) applyItem(item)
        for (const { device, status, at } of draft.transitions) {
          const head = heads.get(device.id)
          if (head) Object.assign(head, { status, since: at })
        }
      },
    }

    function applyItem(item: Item): void {
      if (item.kind !== 'message' && item.kind !== 'presence') return
      const head = heads.get(item.device.id) ?? newHead(item.device)
      if (!heads.has(item.device.id)) {
        heads.set(item.device.id, head)
        deps.heads.set(item.device.id, head)
      }
      if (item.kind === 'presence') {
        takePresence(head, item)
        return
      }
      takeMessage(head, item)
      if (head.dirtySince > 0) return
      head.dirtySince = item.receivedAt
      dirty.set(item.device.id, head)
    }

    return stage
  }

const signalsOf = (head: Head, awayUntil: number) => ({
  heardAt: head.lastReceivedAt === 0 ? undefined : head.lastReceivedAt / 1000,
  connected: head.session.connected,
  awayUntil,
})

interface Memory {
  readonly heads: ReadonlyMap<number, Head>
  readonly dirty: ReadonlyMap<number, Head>
  readonly awayUntil: number
}

/** What the batch makes of one device, while it is planned. */
interface Running {
  readonly head: Head
  status: Head['status']
  heardAt: number | undefined
  connected: boolean
}

function planBatch(batch: Batch, memory: Memory): Draft {
  const running = new Map<number, Running>()
  const transitions: Transition[] = []
  const sessions = new Map<number, Head>()

  const of = (device: Device): Running => {
    const known = running.get(device.id)
    if (known) return known
    const head = memory.heads.get(device.id) ?? newHead(device)
    const { heardAt, connected } = signalsOf(head, memory.awayUntil)
    const made = { head, status: head.status, heardAt, connected }
    running.set(device.id, made)
    return made
  }
  const judge = (state: Running, device: Device, at: number) => {
    const signals = { ...state, awayUntil: memory.awayUntil }
    const { status, until } = statusOf(device, signals, at)
    if (until !== undefined) batch.wake(device, until)
    if (status === state.status) return
    transitions.push({ device, status, at })
    const data = {
      device: device.key,
      from: state.status,
      to: status,
      at: new Date(at).toISOString(),
    }
    batch.facts.push({
      type: 'state.presence-changed',
      tenant: device.tenant.id,
      subject: `device:${device.key}`,
      data,
    })
    state.status = status
  }

  for (const item of batch.items) {
    if (item.kind === 'command') continue
    const state = of(item.device)
    if (item.kind === 'message') {
      const heardBefore = state.heardAt
      state.heardAt = item.receivedAt / 1000
      // The wake-up that is armed comes early rather than late: no need to ask for another.
      if (state.status === 'online' && heardBefore !== undefined) continue
    }
    if (item.kind === 'presence') {
      if (item.connected || ends(state.head, item.session.clientId))
        state.connected = item.connected
      sessions.set(item.device.id, state.head)
    }
    judge(state, item.device, item.kind === 'timer' ? batch.at : item.receivedAt / 1000)
  }
  return { batch, transitions, sessions, ...planFlush(batch, memory) }
}

const ends = (head: Head, clientId: string): boolean =>
  !head.session.connected || head.session.clientId === clientId

function planFlush(batch: Batch, { dirty }: Memory) {
  const flushed: Head[] = []
  const indexed: Head[] = []
  const nowMicros = batch.at * 1000
  let through = (batch.items[0]?.receivedAt ?? nowMicros) - 1
  for (const head of dirty.values()) {
    if (nowMicros - head.dirtySince < FLUSH_EVERY_MICROS || flushed.length === FLUSH_ROWS) {
      through = Math.min(through, head.dirtySince - 1)
      break
    }
    flushed.push(head)
    if (batch.at - head.indexedAt >= INDEX_EVERY_MS) indexed.push(head)
  }
  return { flushed, indexed, through }
}

function writeDraft(sql: PipelineSql, draft: Draft, lane: number): readonly Promise<unknown>[] {
  const statements: Promise<unknown>[] = []
  if (draft.transitions.length > 0) statements.push(...writeTransitions(sql, draft.transitions))
  if (draft.sessions.size > 0) statements.push(writeSessions(sql, draft))
  if (draft.flushed.length > 0) statements.push(...writeHeads(sql, draft, lane))
  const patches = indexPatches(draft)
  if (patches.length > 0) statements.push(patchIndex(sql, patches))
  return statements
}

function writeTransitions(sql: PipelineSql, transitions: readonly Transition[]) {
  const rows = JSON.stringify(
    transitions.map(({ device, status, at }) => ({
      d: device.id,
      t: device.tenant.id,
      s: status,
      a: at,
    })),
  )
  // The last transition of a device in the batch is its status; a row may be touched once only.
  const last = JSON.stringify(
    [...new Map(transitions.map((each) => [each.device.id, each])).values()].map(
      ({ device, status, at }) => ({ d: device.id, t: device.tenant.id, s: status, a: at }),
    ),
  )
  return [
    sql`
      insert into state.transition (tenant, device, at, status)
      select t, d, to_timestamp(a / 1000.0::float8), s
        from json_to_recordset(${rows}::text::json) as r(t bigint, d bigint, a float8, s text)`.execute(),
    sql`
      insert into state.presence (tenant, device, since, status)
      select t, d, to_timestamp(a / 1000.0::float8), s
        from json_to_recordset(${last}::text::json) as r(t bigint, d bigint, a float8, s text)
      on conflict (device) do update set since = excluded.since, status = excluded.status`.execute(),
  ]
}

function writeSessions(sql: PipelineSql, { batch, sessions }: Draft) {
  const after = new Map<number, Head>()
  for (const item of batch.items) {
    if (item.kind !== 'presence') continue
    const known = after.get(item.device.id) ?? sessions.get(item.device.id)
    const copy = { ...(known as Head), metrics: new Map() }
    takePresence(copy, item)
    after.set(item.device.id, copy)
  }
  const rows = JSON.stringify(
    [...after.values()].map(({ device, session }) => ({
      d: device.id,
      t: device.tenant.id,
      ...session,
    })),
  )
  return sql`
    insert into state.presence (tenant, device, since, status, connected, session_at, protocol, client_id, address)
    select t, d, to_timestamp(at / 1000.0::float8), 'never', connected, to_timestamp(at / 1000.0::float8),
           protocol, "clientId", address
      from json_to_recordset(${rows}::text::json)
           as r(t bigint, d bigint, at float8, connected boolean, protocol text, "clientId" text, address text)
    on conflict (device) do update
       set connected  = excluded.connected,
           session_at = excluded.session_at,
           protocol   = excluded.protocol,
           client_id  = excluded.client_id,
           address    = excluded.address`.execute()
}

function writeHeads(sql: PipelineSql, draft: Draft, lane: number) {
  const rows = JSON.stringify(draft.flushed.map(headRow))
  return [
    sql`
      insert into state.head (device, tenant, last_received_at, newest_ts, metrics, status, seq, messages, gaps, late)
      select device, tenant, to_timestamp(received / 1000000.0::float8), to_timestamp(newest / 1000.0::float8),
             metrics, status, seq, messages, gaps, late
        from json_to_recordset(${rows}::text::json)
             as r(device bigint, tenant bigint, received float8, newest float8, metrics jsonb, status jsonb,
                  seq bigint, messages bigint, gaps bigint, late bigint)
      on conflict (device) do update
         set last_received_at = excluded.last_received_at,
             newest_ts        = excluded.newest_ts,
             metrics          = excluded.metrics,
             status           = excluded.status,
             seq              = excluded.seq,
             messages         = excluded.messages,
             gaps             = excluded.gaps,
             late             = excluded.late`.execute(),
    sql`
      insert into state.flush (lane, through)
      values (${lane}, to_timestamp(${draft.through}::float8 / 1000000.0::float8))
      on conflict (lane) do update set through = excluded.through`.execute(),
  ]
}

function indexPatches({ indexed, transitions, batch }: Draft): IndexPatch[] {
  const patches = new Map<number, IndexPatch>()
  for (const head of indexed) {
    patches.set(head.device.id, {
      tenant: head.device.tenant.id,
      device: head.device.id,
      lastMessageAt: head.lastReceivedAt / 1000,
      firmware: firmwareOf(head) ?? undefined,
      reading: readingOf(head),
    })
  }
  for (const { device, status } of transitions) {
    const base = { tenant: device.tenant.id, device: device.id }
    const heard = status === 'online' ? { lastMessageAt: batch.at } : {}
    patches.set(device.id, { ...base, ...patches.get(device.id), ...heard, status })
  }
  return [...patches.values()]
}

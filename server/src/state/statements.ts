import type { PipelineSql } from '#platform'
import { type IndexPatch, patchIndex } from '#registry'
import type { Draft, Transition } from './draft.ts'
import { firmwareOf, type Head, headRow, readingOf, takePresence } from './head.ts'

/** The statements of a draft, started at once so that they are pipelined. */
export function writeDraft(
  sql: PipelineSql,
  draft: Draft,
  lane: number,
): readonly Promise<unknown>[] {
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

import type { DeviceDetail, DeviceStatus, PresenceSpan } from '@pulse/contract'
import type { StageFactory } from '#connect'
import type { PipelineSql, TenantSql } from '#platform'
import type { Device } from '#registry'
import { firmwareOf, type Head, readingOf } from './head.ts'
import { forgetSessions, type RestoreDeps } from './restore.ts'
import { stateStage } from './stage.ts'

export interface StateDeps extends RestoreDeps {
  /** End of the last time that Pulse was away, epoch ms; 0 when it never was. */
  readonly awayUntil: () => number
}

/** What a list shows of a device now. */
export interface LiveRow {
  readonly key: string
  readonly status: DeviceStatus
  /** Epoch ms. */
  readonly lastMessageAt: number | null
  readonly reading: ReturnType<typeof readingOf>
  readonly firmware: string | null
}

/** What the device page shows of a device now. */
export type LiveDetail = Pick<
  DeviceDetail,
  'session' | 'newestAt' | 'metrics' | 'lastStatus' | 'counters'
>

export interface State {
  readonly stage: StageFactory
  /**
   * To be called when all of `lanes` lanes have restored their heads and before any works. Gives
   * each its mark (after a change of their number the old marks speak of other shares), and notes
   * that nobody is connected.
   */
  begin(sql: PipelineSql, lanes: number): Promise<void>
  /** Undefined for a device that never sent anything nor connected. */
  row(deviceId: number): LiveRow | undefined
  detail(deviceId: number): LiveDetail
  /** Epoch ms of the last message (or of the newest value of a metric); undefined if there is none. */
  lastHeard(deviceId: number, metric?: string): number | undefined
  /** Every device that was ever heard, with the time of its last message, epoch ms. */
  heard(): Iterable<readonly [Device, number]>
  /** Spans of status that touch the range, oldest first. */
  presenceBetween(
    sql: TenantSql,
    deviceId: number,
    fromMs: number,
    toMs: number,
  ): Promise<PresenceSpan[]>
}

export function createState(deps: StateDeps): State {
  const heads = new Map<number, Head>()
  return {
    stage: stateStage({ ...deps, heads }),
    async begin(sql, lanes) {
      await forgetSessions(sql)
      await sql.begin(async (marks) => {
        await marks`lock table state.flush in exclusive mode`
        const [mark] = await marks<
          { through: Date | null }[]
        >`select min(through) as through from state.flush`
        await marks`delete from state.flush`
        await marks`
          insert into state.flush (lane, through)
          select lane, ${mark?.through ?? new Date(0)} from generate_series(0, ${lanes - 1}::int) lane`
      })
    },
    row(deviceId) {
      const head = heads.get(deviceId)
      if (!head) return undefined
      return {
        key: head.device.key,
        status: head.status,
        lastMessageAt: head.lastReceivedAt === 0 ? null : head.lastReceivedAt / 1000,
        reading: readingOf(head),
        firmware: firmwareOf(head),
      }
    },
    detail: (deviceId) => detailOf(heads.get(deviceId)),
    lastHeard(deviceId, metric) {
      const head = heads.get(deviceId)
      if (metric !== undefined) return head?.metrics.get(metric)?.[1]
      return head && head.lastReceivedAt > 0 ? head.lastReceivedAt / 1000 : undefined
    },
    *heard() {
      for (const head of heads.values()) {
        if (head.lastReceivedAt > 0) yield [head.device, head.lastReceivedAt / 1000]
      }
    },
    presenceBetween: readPresence,
  }
}

const iso = (ms: number): string => new Date(ms).toISOString()

function detailOf(head: Head | undefined): LiveDetail {
  if (!head) {
    return {
      session: { connected: false, since: null, protocol: null, clientId: null, address: null },
      newestAt: null,
      metrics: {},
      lastStatus: null,
      counters: { messages: 0, gaps: 0, late: 0 },
    }
  }
  const { connected, at, protocol, clientId, address } = head.session
  return {
    session: { connected, since: at === 0 ? null : iso(at), protocol, clientId, address },
    newestAt: head.newestTs === 0 ? null : iso(head.newestTs),
    metrics: Object.fromEntries(
      [...head.metrics].map(([name, [value, ts]]) => [name, { value, at: iso(ts) }]),
    ),
    lastStatus: (head.lastStatus ?? null) as LiveDetail['lastStatus'],
    counters: { messages: head.messages, gaps: head.gaps, late: head.late },
  }
}

async function readPresence(
  sql: TenantSql,
  deviceId: number,
  fromMs: number,
  toMs: number,
): Promise<PresenceSpan[]> {
  const rows = await sql<{ at: Date; status: DeviceStatus; next: Date | null }[]>`
    with touched as (
      (select id, at, status from state.transition
        where device = ${deviceId} and at < ${new Date(fromMs)} order by at desc, id desc limit 1)
      union all
      (select id, at, status from state.transition
        where device = ${deviceId} and at >= ${new Date(fromMs)} and at < ${new Date(toMs)}))
    select at, status, lead(at) over (order by at, id) as next
      from touched
     order by at, id`
  return rows.map((row) => ({
    from: row.at.toISOString(),
    to: row.next?.toISOString() ?? null,
    status: row.status,
  }))
}

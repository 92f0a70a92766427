import type { DeviceDetail, DevicesAnswer, Facets, Overview, Timeline } from '@pulse/contract'
import { type Clock, type Database, inTenant } from '#platform'
import type { FoundDevice, Registry } from '#registry'
import { readOverview } from './overview.ts'
import type { DeviceRange, FleetSources } from './sources.ts'

export interface FleetDeps {
  /** Pool of `pulse_app`. */
  readonly app: Database
  readonly clock: Clock
  readonly registry: Registry
  readonly sources: FleetSources
}

type DevicesFacts = Parameters<Registry['search']['devices']>[1]

export interface Spark {
  readonly device: FoundDevice['key']
  readonly values: (number | null)[]
}

/** The fleet as people see it: composed of what the modules below know. */
export interface Fleet {
  devices(tenant: number, facts: DevicesFacts): Promise<DevicesAnswer>
  facets(tenant: number, q: string): Promise<Facets>
  /** @throws `registry.unknown-device` */
  device(tenant: number, key: string): Promise<DeviceDetail>
  /** @throws `registry.unknown-device` */
  timeline(
    tenant: number,
    key: string,
    range: { readonly fromMs: number; readonly toMs: number },
  ): Promise<Timeline>
  /** The reading of each device over the last hour; devices without a reading metric are left out. */
  sparks(tenant: number, keys: readonly string[]): Promise<readonly Spark[]>
  overview(tenant: number, hours: number): Promise<Overview>
}

const HOUR_MS = 3_600_000
const SPARK_BUCKETS = 40

export function createFleet(deps: FleetDeps): Fleet {
  const { registry, sources } = deps
  return {
    async devices(tenant, facts) {
      const found = await registry.search.devices(tenant, facts)
      return { ...found, items: found.items.map(({ id, ...row }) => withLive(row, id, sources)) }
    },
    facets: (tenant, q) => registry.search.facets(tenant, q),
    async device(tenant, key) {
      const { id, createdAt, ...row } = await registry.search.device(tenant, key)
      return {
        ...withLive(row, id, sources),
        createdAt: createdAt.toISOString(),
        ...sources.detail(id),
      }
    },
    async timeline(tenant, key, range) {
      const { id } = await registry.search.device(tenant, key)
      return readTimeline(deps, { tenant, id, key, ...range })
    },
    sparks: (tenant, keys) => readSparks(deps, tenant, keys),
    overview: (tenant, hours) => readOverview(deps, tenant, hours),
  }
}

/** The index hears of a device once a minute; the heads know better. */
function withLive<Row extends Omit<FoundDevice, 'id'>>(
  row: Row,
  id: number,
  sources: FleetSources,
): Row {
  const live = sources.live(id)
  if (!live) return row
  const { lastMessageAt } = live
  return {
    ...row,
    lastMessageAt:
      lastMessageAt === null ? row.lastMessageAt : new Date(lastMessageAt).toISOString(),
    reading: live.reading ?? row.reading,
    firmware: live.firmware ?? row.firmware,
  }
}

async function readTimeline({ app, sources }: FleetDeps, range: DeviceRange): Promise<Timeline> {
  const [[presence, events], alerts, commands, deliveries] = await Promise.all([
    inTenant(app, range.tenant, (sql) =>
      Promise.all([sources.presence(sql, range), sources.events(sql, range)]),
    ),
    sources.alerts(range),
    sources.commands(range),
    sources.deliveries(range),
  ])
  const spans = alerts
    .filter(({ openedAt, clearedAt }) => touches(openedAt, clearedAt, range))
    .map(({ id, rule, title, severity, openedAt, clearedAt }) => ({
      id,
      rule,
      title,
      severity,
      from: openedAt,
      to: clearedAt,
    }))
  return { presence, alerts: spans, commands, deliveries, events }
}

const touches = (from: string, to: string | null, { fromMs, toMs }: DeviceRange): boolean =>
  Date.parse(from) < toMs && (to === null || Date.parse(to) >= fromMs)

async function readSparks(
  { app, clock, registry, sources }: FleetDeps,
  tenant: number,
  keys: readonly string[],
): Promise<readonly Spark[]> {
  const found = await registry.search.byKeys(tenant, keys)
  const devices = await registry.directory.devices(found.map(({ id }) => id))
  const wanted = found.flatMap(({ id }) => {
    const metric = devices.get(id)?.readingMetric ?? null
    return metric === null ? [] : [{ device: id, metric }]
  })
  const toMs = clock.now()
  const range = { fromMs: toMs - HOUR_MS, toMs, buckets: SPARK_BUCKETS }
  const curves =
    wanted.length === 0
      ? new Map<number, readonly (number | null)[]>()
      : await inTenant(app, tenant, (sql) => sources.sparks(sql, wanted, range))
  return found.flatMap(({ id, key }) => {
    const values = curves.get(id)
    return values ? [{ device: key, values: [...values] }] : []
  })
}

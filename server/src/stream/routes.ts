import { deviceKey, storedMessage, telemetryAnswer, telemetryQuery } from '@pulse/contract'
import { z } from 'zod'
import {
  type Clock,
  type Database,
  defineRefusals,
  inTenant,
  PulseError,
  type Shell,
  tenantOf,
} from '#platform'
import type { Directory } from '#registry'
import { metricNames, readMessages, readSeries } from './queries.ts'

const refuse = defineRefusals('stream')
const MAX_RANGE_MS = 400 * 86_400_000
const MAX_METRICS = 12

export interface StreamRoutesDeps {
  readonly db: Database
  readonly directory: Directory
  readonly clock: Clock
}

/** Telemetry and messages of a device. */
export function streamRoutes({ db, directory, clock }: StreamRoutesDeps) {
  const params = z.object({ key: deviceKey })
  const deviceOf = async (tenantKey: string | undefined, key: string) => {
    const device = await directory.device(tenantKey ?? '', key)
    if (!device) throw new PulseError('registry.unknown-device')
    return device
  }
  return async (app: Shell): Promise<void> => {
    app.get(
      '/v1/devices/:key/telemetry',
      {
        config: { permission: 'telemetry.read' },
        schema: {
          summary:
            'Metrics of a device over a range: raw values, or buckets with minimum, mean and maximum',
          tags: ['Stream'],
          params,
          querystring: telemetryQuery,
          response: { 200: telemetryAnswer },
        },
      },
      async (request) => {
        const begun = performance.now()
        const device = await deviceOf(request.membership?.key, request.params.key)
        const { from, to, points, metrics } = request.query
        const range = rangeOf(from, to, clock.now() - device.tenant.retentionMs)
        const series = await inTenant(db, tenantOf(request), async (sql) => {
          const query = { device: device.id, ...range, points }
          const names =
            metrics === undefined
              ? await metricNames(sql, query)
              : metrics.split(',').slice(0, MAX_METRICS)
          return names.length === 0 ? [] : readSeries(sql, { ...query, metrics: names })
        })
        return { series, tookMs: performance.now() - begun }
      },
    )
    app.get(
      '/v1/devices/:key/messages',
      {
        config: { permission: 'telemetry.read' },
        schema: {
          summary: 'Newest messages of a device',
          tags: ['Stream'],
          params,
          querystring: z.object({ limit: z.coerce.number().int().min(1).max(500).default(100) }),
          response: { 200: z.object({ items: z.array(storedMessage) }) },
        },
      },
      async (request) => {
        const device = await deviceOf(request.membership?.key, request.params.key)
        const fromMs = clock.now() - device.tenant.retentionMs
        const { limit } = request.query
        return {
          items: await inTenant(db, tenantOf(request), (sql) =>
            readMessages(sql, device, { limit, fromMs }),
          ),
        }
      },
    )
  }
}

/** @throws `stream.bad-range`. A tenant's shorter retention hides what is older. */
function rangeOf(from: string, to: string, oldestMs: number): { fromMs: number; toMs: number } {
  const [fromMs, toMs] = [Date.parse(from), Date.parse(to)]
  if (!(fromMs < toMs && toMs - fromMs <= MAX_RANGE_MS))
    throw refuse.badRange({ detail: `${from} to ${to}.` })
  return { fromMs: Math.max(fromMs, Math.min(oldestMs, toMs - 1)), toMs }
}

import { storedMessage, telemetryAnswer } from '@pulse/contract'
import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { z } from 'zod'
import { api } from '../session/api.ts'
import type { TimeRange } from '../ui/chart/index.ts'

interface TelemetryRequest {
  readonly device: string
  /** None asks for what the range holds. */
  readonly metrics: readonly string[]
  readonly range: TimeRange
  /** How many points per metric are worth drawing. */
  readonly points?: number
}

/** Metrics of a device over a range. While the range moves, the last answer stays. */
export const telemetryQuery = ({ device, metrics, range, points = 600 }: TelemetryRequest) =>
  queryOptions({
    queryKey: ['telemetry', device, metrics.join(','), range.from, range.to, points],
    queryFn: ({ signal }) => {
      const params = {
        metrics: metrics.join(','),
        from: new Date(range.from).toISOString(),
        to: new Date(range.to).toISOString(),
        points,
      }
      const path = `/v1/devices/${encodeURIComponent(device)}/telemetry`
      return api.get(path, telemetryAnswer, { params, signal })
    },
    placeholderData: keepPreviousData,
    gcTime: 30_000,
  })

/** The newest stored messages of a device, newest first. */
export const messagesQuery = (device: string, limit: number) =>
  queryOptions({
    queryKey: ['messages', device, limit],
    queryFn: ({ signal }) => {
      const path = `/v1/devices/${encodeURIComponent(device)}/messages`
      return api.get(path, z.object({ items: z.array(storedMessage) }), {
        params: { limit },
        signal,
      })
    },
    placeholderData: keepPreviousData,
  })

import { deviceDetail, timeline } from '@pulse/contract'
import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { api } from '../session/api.ts'
import type { TimeRange } from '../ui/chart/index.ts'

const pathOf = (key: string) => `/v1/devices/${encodeURIComponent(key)}`

/** Everything about one device; refreshed every few seconds, since sessions and metrics change. */
export const deviceQuery = (key: string) =>
  queryOptions({
    queryKey: ['device', key],
    queryFn: ({ signal }) => api.get(pathOf(key), deviceDetail, { signal }),
    refetchInterval: 3000,
  })

/** The lanes of a device over a range. While the range moves, the last answer stays. */
export const timelineQuery = (key: string, range: TimeRange) =>
  queryOptions({
    queryKey: ['timeline', key, range.from, range.to],
    queryFn: ({ signal }) => {
      const params = {
        from: new Date(range.from).toISOString(),
        to: new Date(range.to).toISOString(),
      }
      return api.get(`${pathOf(key)}/timeline`, timeline, { params, signal })
    },
    placeholderData: keepPreviousData,
    gcTime: 30_000,
  })

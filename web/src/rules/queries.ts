import { type Alert, type AlertDetail, alert, alertDetail, alertsAnswer } from '@pulse/contract'
import {
  type InfiniteData,
  keepPreviousData,
  type QueryClient,
  queryOptions,
} from '@tanstack/react-query'
import type { z } from 'zod'
import { api } from '../session/api.ts'
import { countedPagesQuery } from '../session/counted-pages.ts'
import { worstFirst } from './group-alerts.ts'

export type AlertsAnswer = z.infer<typeof alertsAnswer>

export interface AlertsFilter {
  readonly state?: string | undefined
  readonly severity?: string | undefined
  readonly device?: string | undefined
  readonly rule?: string | undefined
}

/** Alerts that match a filter, and the counts of all; the first 500. */
export const alertsQuery = (filter: AlertsFilter) =>
  queryOptions({
    queryKey: ['alerts', { ...filter }],
    queryFn: ({ signal }) =>
      api.get('/v1/alerts', alertsAnswer, { params: { ...filter, limit: 500 }, signal }),
    placeholderData: keepPreviousData,
    refetchInterval: 15_000,
  })

/** Alerts that match a filter, page by page, and the counts of all. */
export const alertPagesQuery = (filter: AlertsFilter) =>
  countedPagesQuery({
    queryKey: ['alerts', 'pages', { ...filter }],
    path: '/v1/alerts',
    schema: alertsAnswer,
    filter: { ...filter },
    limit: 200,
  })

/** One alert with its story. */
export const alertQuery = (id: string) =>
  queryOptions({
    queryKey: ['alert', id],
    queryFn: ({ signal }) => api.get(`/v1/alerts/${id}`, alertDetail, { signal }),
    refetchInterval: 10_000,
  })

/** Marks an alert as taken on by `name` in whatever the cache holds of it. */
export function showAcknowledged(client: QueryClient, id: string, name: string) {
  const patch = {
    state: 'acknowledged' as const,
    acknowledgedAt: new Date().toISOString(),
    acknowledgedBy: name,
  }
  client.setQueryData<AlertDetail>(['alert', id], (old) => (old ? { ...old, ...patch } : old))
  const inPage = (page: AlertsAnswer): AlertsAnswer => ({
    ...page,
    items: page.items.map((item) => (item.id === id ? { ...item, ...patch } : item)),
  })
  client.setQueriesData<AlertsAnswer | InfiniteData<AlertsAnswer>>(
    { queryKey: ['alerts'] },
    (old) => {
      if (!old) return old
      return 'pages' in old ? { ...old, pages: old.pages.map(inPage) } : inPage(old)
    },
  )
}

/** Tells Pulse that one looks after an alert. */
export const acknowledge = (id: string) => api.post(`/v1/alerts/${id}/acknowledge`, alert)

/** The worst alert of a list, the newest of its severity. */
export const worstOf = (alerts: readonly Alert[]): Alert | undefined =>
  alerts.toSorted(worstFirst)[0]

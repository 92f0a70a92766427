import { deliveriesAnswer, deliveryDetail, deliverySummary, destination } from '@pulse/contract'
import { queryOptions } from '@tanstack/react-query'
import { z } from 'zod'
import { api } from '../session/api.ts'
import { countedPagesQuery } from '../session/counted-pages.ts'

export interface DeliveriesFilter {
  readonly state?: string | undefined
  readonly destination?: string | undefined
  readonly alert?: string | undefined
  readonly device?: string | undefined
}

/** Deliveries that match a filter, newest first, page by page, and the counts of all. */
export const deliveriesQuery = (filter: DeliveriesFilter) =>
  countedPagesQuery({
    queryKey: ['deliveries', { ...filter }],
    path: '/v1/deliveries',
    schema: deliveriesAnswer,
    filter: { ...filter },
    limit: 100,
  })

/** One delivery with its body and attempts. */
export const deliveryQuery = (id: string) =>
  queryOptions({
    queryKey: ['delivery', id],
    queryFn: ({ signal }) => api.get(`/v1/deliveries/${id}`, deliveryDetail, { signal }),
    refetchInterval: 10_000,
  })

export const destinationsQuery = () =>
  queryOptions({
    queryKey: ['destinations'],
    queryFn: ({ signal }) =>
      api.get('/v1/destinations', z.object({ items: z.array(destination) }), { signal }),
    staleTime: 60_000,
  })

/** Sends a dead letter once more, from its first attempt. */
export const replay = (id: string) => api.post(`/v1/deliveries/${id}/replay`, deliverySummary)

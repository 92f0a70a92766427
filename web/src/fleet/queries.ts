import { overview } from '@pulse/contract'
import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { api } from '../session/api.ts'

/** What the overview and the counts of the shell show. */
export const overviewQuery = (hours = 24) =>
  queryOptions({
    queryKey: ['overview', hours],
    queryFn: ({ signal }) => api.get('/v1/overview', overview, { params: { hours }, signal }),
    placeholderData: keepPreviousData,
    staleTime: 5_000,
    refetchInterval: 30_000,
  })

import { session } from '@pulse/contract'
import { queryOptions } from '@tanstack/react-query'
import { api } from './api.ts'

/** Who is signed in, and in which tenants. */
export const sessionQuery = () =>
  queryOptions({
    queryKey: ['session'],
    queryFn: ({ signal }) => api.get('/v1/session', session, { signal }),
    staleTime: 5 * 60_000,
    // Roles change, tenants are suspended, stays end: the page follows without a reload.
    refetchInterval: 60_000,
  })

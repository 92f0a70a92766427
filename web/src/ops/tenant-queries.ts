import { entering, tenantExport, tenantFacts } from '@pulse/contract'
import { queryOptions } from '@tanstack/react-query'
import { z } from 'zod'
import { api } from '../session/api.ts'

/** The tenant that one works in, as its own people see it. */
export const tenantFactsQuery = () =>
  queryOptions({
    queryKey: ['tenant'],
    queryFn: ({ signal }) => api.get('/v1/tenant', tenantFacts, { signal }),
  })

export const renameTenant = (name: string) => api.patch('/v1/tenant', tenantFacts, { name })

const exportsAnswer = z.object({ items: z.array(tenantExport) })

/** Exports of the tenant and how far they are; asks every second while one is being made. */
export const exportsQuery = () =>
  queryOptions({
    queryKey: ['tenant-exports'],
    queryFn: ({ signal }) => api.get('/v1/tenant/exports', exportsAnswer, { signal }),
    refetchInterval: ({ state }) =>
      state.data?.items.some(({ state: each }) => each === 'queued' || each === 'running')
        ? 1000
        : 30_000,
  })

export const beginExport = () => api.post('/v1/tenant/exports', tenantExport)
export const fetchArchive = (id: string) => api.blob(`/v1/tenant/exports/${id}/archive`)

/** Who of the platform's operators was inside the tenant. */
export const visitsQuery = () =>
  queryOptions({
    queryKey: ['enterings'],
    queryFn: ({ signal }) =>
      api.get('/v1/enterings', z.object({ items: z.array(entering) }), { signal }),
    refetchInterval: 30_000,
  })

import {
  type DeviceType,
  devicesAnswer,
  deviceType,
  facets,
  type Site,
  site,
  sparksAnswer,
} from '@pulse/contract'
import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query'
import { z } from 'zod'
import { api } from '../session/api.ts'

const PAGE_SIZE = 100
const MINUTE_MS = 60_000

// Selectors are named functions: a new one at each render would make a new map at each render.
const byKey = <T extends { readonly key: string }>({ items }: { readonly items: readonly T[] }) =>
  new Map(items.map((item) => [item.key, item]))
const byDevice = ({ items }: z.output<typeof sparksAnswer>) =>
  new Map<string, readonly (number | null)[]>(items.map((each) => [each.device, each.values]))

interface DevicesParams {
  readonly q: string
  readonly sort: string
}

/** The fleet list, page by page. Rows are patched by the live stream, so it is not polled. */
export const devicesQuery = ({ q, sort }: DevicesParams) =>
  infiniteQueryOptions({
    queryKey: ['devices', q, sort],
    queryFn: ({ pageParam, signal }) =>
      api.get('/v1/devices', devicesAnswer, {
        params: { q, sort, cursor: pageParam, limit: PAGE_SIZE },
        signal,
      }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next,
    placeholderData: keepPreviousData,
    staleTime: 30_000,
  })

/** The first few devices that match, for the command palette. */
export const deviceSearchQuery = (q: string) =>
  queryOptions({
    queryKey: ['device-search', q],
    queryFn: ({ signal }) =>
      api.get('/v1/devices', devicesAnswer, { params: { q, limit: 8 }, signal }),
    placeholderData: keepPreviousData,
    enabled: q !== '',
  })

/** Counts of what matches a fleet query, per value of a field. */
export const facetsQuery = (q: string) =>
  queryOptions({
    queryKey: ['facets', q],
    queryFn: ({ signal }) => api.get('/v1/devices/facets', facets, { params: { q }, signal }),
    placeholderData: keepPreviousData,
    staleTime: 5_000,
  })

/** Device types with their metrics and units, by key. */
export const typesQuery = () =>
  queryOptions({
    queryKey: ['types'],
    queryFn: ({ signal }) =>
      api.get('/v1/types', z.object({ items: z.array(deviceType) }), { signal }),
    select: byKey<DeviceType>,
    staleTime: 5 * MINUTE_MS,
  })

/** Sites by key. */
export const sitesQuery = () =>
  queryOptions({
    queryKey: ['sites'],
    queryFn: ({ signal }) => api.get('/v1/sites', z.object({ items: z.array(site) }), { signal }),
    select: byKey<Site>,
    staleTime: 5 * MINUTE_MS,
  })

/** Last-hour curves of at most 100 devices, by key. */
export const sparksQuery = (keys: readonly string[]) =>
  queryOptions({
    queryKey: ['sparks', keys.join(',')],
    queryFn: ({ signal }) =>
      api.get('/v1/sparks', sparksAnswer, { params: { devices: keys.join(',') }, signal }),
    select: byDevice,
    enabled: keys.length > 0,
    staleTime: MINUTE_MS,
    refetchInterval: MINUTE_MS,
    placeholderData: keepPreviousData,
  })

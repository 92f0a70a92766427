import {
  command,
  deviceDetail,
  deviceToken,
  endpoints,
  type newCommand,
  type newDevice,
  newToken,
  rejectionsAnswer,
} from '@pulse/contract'
import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query'
import { z } from 'zod'
import { api } from '../session/api.ts'

const pathOf = (device: string) => `/v1/devices/${encodeURIComponent(device)}`

/** Where devices connect; changes only with the server's configuration. */
export const endpointsQuery = () =>
  queryOptions({
    queryKey: ['endpoints'],
    queryFn: ({ signal }) => api.get('/v1/endpoints', endpoints, { signal }),
    staleTime: Number.POSITIVE_INFINITY,
  })

export interface RejectionsFilter {
  readonly device?: string | undefined
  readonly code?: string | undefined
}

/** Refused messages, newest first, page by page, with the exact counts of the last hour. */
export const rejectionsQuery = (filter: RejectionsFilter) =>
  infiniteQueryOptions({
    queryKey: ['rejections', { ...filter }],
    queryFn: ({ pageParam, signal }) => {
      const params = { ...filter, cursor: pageParam, limit: 100 }
      return api.get('/v1/rejections', rejectionsAnswer, { params, signal })
    },
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next,
    select: ({ pages }) => ({
      items: pages.flatMap((page) => page.items),
      lastHour: pages[0]?.lastHour ?? [],
    }),
    placeholderData: keepPreviousData,
  })

/** Commands of a device, newest first. */
export const commandsQuery = (device: string) =>
  queryOptions({
    queryKey: ['commands', device],
    queryFn: ({ signal }) =>
      api.get(`${pathOf(device)}/commands`, z.object({ items: z.array(command) }), { signal }),
    refetchInterval: 2000,
  })

export const sendCommand = (device: string, body: z.input<typeof newCommand>) =>
  api.post(`${pathOf(device)}/commands`, command, body)

/** Tokens of a device, the revoked ones included. */
export const tokensQuery = (device: string) =>
  queryOptions({
    queryKey: ['tokens', device],
    queryFn: ({ signal }) =>
      api.get(`${pathOf(device)}/tokens`, z.object({ items: z.array(deviceToken) }), { signal }),
  })

/** A new token; its text is in the answer and nowhere else. */
export const createToken = (device: string) => api.post(`${pathOf(device)}/tokens`, newToken)
export const revokeToken = (device: string, id: string) =>
  api.delete(`${pathOf(device)}/tokens/${id}`)

/** Registers a device. What the answer holds beyond its key depends on the server. */
export const registerDevice = (body: z.input<typeof newDevice>) =>
  api.post('/v1/devices', deviceDetail.pick({ key: true }), body)

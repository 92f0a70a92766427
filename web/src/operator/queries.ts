import {
  entering,
  type enteringDraft,
  madeTenant,
  type NewTenantDraft,
  operatorFacts,
  type operatorGrant,
  operatorTenant,
  type tenantChange,
  type tenantRemoval,
} from '@pulse/contract'
import { queryOptions } from '@tanstack/react-query'
import { z } from 'zod'
import { api } from '../session/api.ts'

const pathOf = (key: string) => `/v1/operator/tenants/${key}`
const items = <T extends z.ZodType>(item: T) => z.object({ items: z.array(item) })

/** Every tenant with its figures, which are of the last minute. */
export const tenantsQuery = () =>
  queryOptions({
    queryKey: ['operator', 'tenants'],
    queryFn: ({ signal }) => api.get('/v1/operator/tenants', items(operatorTenant), { signal }),
    refetchInterval: 15_000,
  })

export const tenantQuery = (key: string) =>
  queryOptions({
    queryKey: ['operator', 'tenant', key],
    queryFn: ({ signal }) => api.get(pathOf(key), operatorTenant, { signal }),
    refetchInterval: 15_000,
  })

/** Makes a tenant; the token of its first admin's invitation is in the answer and nowhere else. */
export const makeTenant = (draft: NewTenantDraft) =>
  api.post('/v1/operator/tenants', madeTenant, draft)
export const changeTenant = (key: string, change: z.input<typeof tenantChange>) =>
  api.patch(pathOf(key), operatorTenant, change)
export const suspend = (key: string, reason: string) =>
  api.post(`${pathOf(key)}/suspend`, operatorTenant, { reason })
export const resume = (key: string, reason: string) =>
  api.post(`${pathOf(key)}/resume`, operatorTenant, { reason })
export const remove = (key: string, removal: z.input<typeof tenantRemoval>) =>
  api.post(`${pathOf(key)}/removal`, operatorTenant, removal)
export const keep = (key: string) => api.delete(`${pathOf(key)}/removal`)

/** Enterings of operators, past ones too. */
export const enteringsQuery = () =>
  queryOptions({
    queryKey: ['operator', 'enterings'],
    queryFn: ({ signal }) => api.get('/v1/operator/enterings', items(entering), { signal }),
    refetchInterval: 15_000,
  })

export const enter = (key: string, draft: z.input<typeof enteringDraft>) =>
  api.post(`${pathOf(key)}/enter`, entering, draft)
export const leave = (id: string) => api.delete(`/v1/operator/enterings/${id}`)

export const operatorsQuery = () =>
  queryOptions({
    queryKey: ['operator', 'operators'],
    queryFn: ({ signal }) => api.get('/v1/operator/operators', items(operatorFacts), { signal }),
  })

export const grant = (body: z.input<typeof operatorGrant>) =>
  api.patch('/v1/operator/operators', z.null(), body)

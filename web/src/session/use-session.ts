import { type Permission, worksWhileSuspended } from '@pulse/contract'
import { useQuery } from '@tanstack/react-query'
import { useSyncExternalStore } from 'react'
import { sessionQuery } from './queries.ts'
import { currentTenant, onTenantChange } from './tenant.ts'

/** Key of the tenant that this tab works in; undefined before it is known, or where there is none. */
export const useTenantKey = () => useSyncExternalStore(onTenantChange, currentTenant)

/** The tenant that one works in, with one's permissions there. Undefined until it is known. */
export function useTenant() {
  const { data } = useQuery(sessionQuery())
  const key = useTenantKey()
  return data?.tenants.find((tenant) => tenant.key === key)
}

/** Whether there is a tenant to ask about. Yes until it is known, so that pages need not wait. */
export function useHasTenant(): boolean {
  const { data } = useQuery(sessionQuery())
  const key = useTenantKey()
  if (key === undefined) return false
  return data === undefined || data.tenants.some((tenant) => tenant.key === key)
}

/**
 * Whether one may do this in the present tenant: hides what would be refused. Yes until it is known,
 * so that buttons do not push the page about when the session arrives.
 */
export function useMay(permission: Permission): boolean {
  const tenant = useTenant()
  if (!tenant) return true
  if (tenant.suspended && !worksWhileSuspended(permission)) return false
  return tenant.permissions.includes(permission)
}

/** Name of the person who is signed in; empty until it is known. */
export function usePersonName(): string {
  return useQuery(sessionQuery()).data?.person.name ?? ''
}

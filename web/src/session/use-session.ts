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

/** Whether one may do this for certain: for what asks by itself, and would be refused each time. */
export const useSurelyMay = (permission: Permission): boolean =>
  useTenant()?.permissions.includes(permission) ?? false

/** Name of the person who is signed in; empty until it is known. */
export function usePersonName(): string {
  return useQuery(sessionQuery()).data?.person.name ?? ''
}

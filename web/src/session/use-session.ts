import type { Permission } from '@pulse/contract'
import { useQuery } from '@tanstack/react-query'
import { sessionQuery } from './queries.ts'
import { readTenant } from './token.ts'

/** The tenant that one works in, with one's permissions there. Undefined until it is known. */
export function useTenant() {
  const { data } = useQuery(sessionQuery())
  return data?.tenants.find((tenant) => tenant.key === readTenant()) ?? data?.tenants[0]
}

/**
 * Whether one may do this in the present tenant: hides what would be refused. Yes until it is known,
 * so that buttons do not push the page about when the session arrives.
 */
export function useMay(permission: Permission): boolean {
  return useTenant()?.permissions.includes(permission) ?? true
}

/** Name of the person who is signed in; empty until it is known. */
export function usePersonName(): string {
  return useQuery(sessionQuery()).data?.person.name ?? ''
}

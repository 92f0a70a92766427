import type { QueryClient } from '@tanstack/react-query'
import { sessionQuery } from './queries.ts'
import { currentTenant, enterTenant, lastTenant } from './tenant.ts'

/** What is known of the person, whatever the tenant. */
const personal = new Set(['session', 'account', 'sign-ins', 'sign-in-facts'])

/**
 * Settles which tenant the tab is in: that of the link, else where it is, else the last one, else
 * the first that one belongs to. Nothing of the tenant before stays in the cache.
 */
export async function chooseTenant(client: QueryClient, asked: string | undefined): Promise<void> {
  const known = asked ?? currentTenant() ?? lastTenant()
  const next = known ?? (await firstTenant(client))
  const before = currentTenant()
  if (next === undefined || next === before) return
  if (before !== undefined) await forget(client)
  enterTenant(next)
}

/** Undefined where one belongs to none, or where Pulse does not say: the page will. */
async function firstTenant(client: QueryClient): Promise<string | undefined> {
  const session = await client.ensureQueryData(sessionQuery()).catch(() => undefined)
  return session?.tenants[0]?.key
}

async function forget(client: QueryClient): Promise<void> {
  const ofTenant = {
    predicate: ({ queryKey }: { queryKey: readonly unknown[] }) =>
      !personal.has(String(queryKey[0])),
  }
  await client.cancelQueries(ofTenant)
  client.removeQueries(ofTenant)
}

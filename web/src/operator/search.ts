import { tenantStates } from '@pulse/contract'
import { z } from 'zod'

const text = z.string().optional().catch(undefined)

/** What the URL of the tenants holds; nonsense is left out. */
export const tenantsSearch = z.object({
  q: text,
  state: z.enum(tenantStates).optional().catch(undefined),
  sort: text,
  at: text,
})

export const enteringsSearch = z.object({
  state: z.enum(['all']).optional().catch(undefined),
  at: text,
})

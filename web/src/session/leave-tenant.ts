import { entering } from '@pulse/contract'
import { z } from 'zod'
import { api } from './api.ts'

/** Ends an operator’s own stay in a tenant before its time. */
export async function leaveTenant(tenant: string, person: string): Promise<void> {
  const { items } = await api.get('/v1/operator/enterings', z.object({ items: z.array(entering) }))
  const own = items.filter(
    (each) => each.tenant === tenant && each.person === person && each.endedAt === null,
  )
  for (const each of own) await api.delete(`/v1/operator/enterings/${each.id}`)
}

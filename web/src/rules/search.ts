import { alertsQuery } from '@pulse/contract'
import { z } from 'zod'

/** URL of the alerts page: what is listed, and which alert is shown beside. */
export const alertsSearch = z.object({
  state: z.enum(alertsQuery.shape.state.unwrap().options).optional().catch(undefined),
  severity: z.enum(['critical', 'warning', 'info']).optional().catch(undefined),
  device: z.string().optional().catch(undefined),
  rule: z.string().optional().catch(undefined),
  at: z.string().optional().catch(undefined),
})

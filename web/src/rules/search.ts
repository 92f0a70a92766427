import { alertsQuery, severities } from '@pulse/contract'
import { z } from 'zod'

/** What the URL of the alerts holds; nonsense is left out. */
export const alertsSearch = z.object({
  state: alertsQuery.shape.state.unwrap().optional().catch(undefined),
  severity: z.enum(severities).optional().catch(undefined),
  device: z.string().optional().catch(undefined),
  rule: z.string().optional().catch(undefined),
  /** The alert whose story is shown. */
  at: z.string().optional().catch(undefined),
})

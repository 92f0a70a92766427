import { z } from 'zod'

/** URL of the device page: tab, and the range as instants; without them the last hour, live. */
export const deviceSearch = z.object({
  tab: z.string().optional().catch(undefined),
  from: z.string().optional().catch(undefined),
  to: z.string().optional().catch(undefined),
  metrics: z.string().optional().catch(undefined),
})

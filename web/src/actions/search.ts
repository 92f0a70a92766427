import { deliveriesQuery } from '@pulse/contract'
import { z } from 'zod'

/** What the URL of the deliveries holds; nonsense is left out. */
export const deliveriesSearch = z.object({
  state: deliveriesQuery.shape.state.unwrap().optional().catch(undefined),
  destination: z.string().optional().catch(undefined),
  device: z.string().optional().catch(undefined),
  alert: z.string().optional().catch(undefined),
  /** The delivery whose attempts are shown. */
  at: z.string().optional().catch(undefined),
})

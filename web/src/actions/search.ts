import { deliveriesQuery } from '@pulse/contract'
import { z } from 'zod'

/** URL of the deliveries page: what is listed, and which delivery is shown beside. */
export const deliveriesSearch = z.object({
  state: z.enum(deliveriesQuery.shape.state.unwrap().options).optional().catch(undefined),
  destination: z.string().optional().catch(undefined),
  device: z.string().optional().catch(undefined),
  alert: z.string().optional().catch(undefined),
  at: z.string().optional().catch(undefined),
})

import { devicesQuery } from '@pulse/contract'
import { z } from 'zod'

const sorts = devicesQuery.shape.sort.unwrap().options

/** URL of the devices page: query, order, columns, and the row with the cursor. */
export const devicesSearch = z.object({
  q: z.string().optional().catch(undefined),
  sort: z.enum(sorts).optional().catch(undefined),
  columns: z.string().optional().catch(undefined),
  at: z.string().optional().catch(undefined),
})

import { z } from 'zod'

/** URL of the rejections page. */
export const rejectionsSearch = z.object({
  device: z.string().optional().catch(undefined),
  code: z.string().optional().catch(undefined),
  at: z.string().optional().catch(undefined),
})
/** URL of Connect a device: the device whose first message is awaited. */
export const connectSearch = z.object({
  device: z.string().optional().catch(undefined),
})

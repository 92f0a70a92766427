import { z } from 'zod'

/** URL of the overview: the hours of its histories. */
export const overviewSearch = z.object({
  hours: z
    .union([z.literal(1), z.literal(24), z.literal(168)])
    .optional()
    .catch(undefined),
})

import { z } from 'zod'

const text = z.string().optional().catch(undefined)

/** What the URL of the people holds; nonsense is left out. */
export const peopleSearch = z.object({
  q: text,
  role: text,
  state: z.enum(['active', 'deactivated']).optional().catch(undefined),
  /** The row with the cursor. */
  at: text,
})

export const invitationsSearch = z.object({
  state: z.enum(['all']).optional().catch(undefined),
  /** Whether the dialog to invite stands open. */
  invite: z.boolean().optional().catch(undefined),
  at: text,
})

export const apiKeysSearch = z.object({
  state: z.enum(['ended']).optional().catch(undefined),
  /** Whether the dialog to make one stands open. */
  make: z.boolean().optional().catch(undefined),
  at: text,
})

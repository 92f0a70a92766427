import { z } from 'zod'

/** Text that PostgreSQL can store: well-formed, without U+0000. */
export const storable = z
  .string()
  .refine(
    (text) => text.isWellFormed() && !text.includes('\0'),
    'has characters that cannot be stored',
  )

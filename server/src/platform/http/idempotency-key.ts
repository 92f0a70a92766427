import { z } from 'zod'

/** The request header by which a caller may send the same write again without doing it twice. */
export const IDEMPOTENCY_HEADER = 'idempotency-key'

/** 1 to 128 visible characters of ASCII, drawn by the caller. */
export const idempotencyKey = z
  .string()
  .regex(/^[\x21-\x7e]{1,128}$/)
  .describe(
    '1 to 128 visible ASCII characters. The same request with the same key is done once: within 24 hours it is answered with the first answer.',
  )

import { z } from 'zod'

const text = z.string().optional().catch(undefined)

/** How far back the log is read, and how that is called. */
export const auditRanges = [
  { key: '1h', title: 'Last hour', ms: 3_600_000 },
  { key: '24h', title: '24 h', ms: 86_400_000 },
  { key: '7d', title: '7 d', ms: 7 * 86_400_000 },
  { key: '30d', title: '30 d', ms: 30 * 86_400_000 },
] as const

/** What the URL of the audit holds; nonsense is left out. */
export const auditSearch = z.object({
  actor: text,
  /** How the actor is called, for the chip. */
  who: text,
  action: text,
  subject: text,
  text,
  range: z.enum(['1h', '24h', '7d', '30d']).optional().catch(undefined),
  from: z.iso.datetime({ offset: true }).optional().catch(undefined),
  to: z.iso.datetime({ offset: true }).optional().catch(undefined),
  /** The entry that is shown whole. */
  at: z.number().optional().catch(undefined),
  /** When that entry was written: it is found by it, however far back it lies. */
  when: z.string().optional().catch(undefined),
})
export type AuditSearch = z.infer<typeof auditSearch>

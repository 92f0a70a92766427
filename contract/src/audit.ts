import { z } from 'zod'
import { instant } from './ids.ts'
import { storable } from './text.ts'

export const actorKinds = ['person', 'key', 'operator', 'system', 'device'] as const

/** Where a row stands in the hash chain of its tenant; `hash` proves it and all before it. */
export const auditAnchor = z.object({
  position: z.int().min(1),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
})

export const auditEntry = z.object({
  id: z.int(),
  /** With microseconds, as it is sealed. */
  at: instant,
  actor: z.object({
    kind: z.enum(actorKinds),
    id: z.string(),
    /** How they were called then. */
    name: z.string().nullable(),
  }),
  /** Module and verb: `registry.token-revoked`. */
  action: z.string(),
  /** What it was done to: `device:ups-0041`. */
  subject: z.string(),
  /** What changed; secrets are masked. */
  before: z.json(),
  after: z.json(),
  requestId: z.string().nullable(),
  address: z.string().nullable(),
  /** Null as long as the row waits for its seal: less than a second. */
  seal: auditAnchor.nullable(),
})
export type AuditRecord = z.infer<typeof auditEntry>

const filters = {
  actor: storable.min(1).max(128).optional().describe('Id of who acted, or a part of their name.'),
  action: storable.min(1).max(128).optional().describe('Beginning of the action: `registry.`.'),
  subject: storable.min(1).max(256).optional().describe('Beginning of the subject: `device:`.'),
  from: instant.optional(),
  to: instant.optional().describe('Outside the range.'),
  text: storable.min(2).max(128).optional().describe('Stands anywhere in the row.'),
}

export const auditQuery = z.object({
  ...filters,
  cursor: z.string().max(512).optional(),
  limit: z.coerce.number().int().min(1).max(500).default(100),
})
export const auditAnswer = z.object({
  items: z.array(auditEntry),
  next: z.string().optional(),
  unsealed: z.int().min(0).describe('Rows of the tenant that wait for their seal.'),
})
export type AuditAnswer = z.infer<typeof auditAnswer>

export const auditExportQuery = z.object({
  ...filters,
  format: z.enum(['ndjson', 'csv']).default('ndjson'),
})

/** `edited`, `missing`, `inserted`, `reordered`: a row; `seal`: a link; `anchor`: the one that was kept. */
export const auditFaultKinds = [
  'edited',
  'missing',
  'inserted',
  'reordered',
  'seal',
  'anchor',
] as const
export const auditFault = z.object({
  kind: z.enum(auditFaultKinds),
  position: z.int().nullable(),
  id: z.int().nullable(),
  action: z.string().nullable(),
  at: z.string().nullable(),
  /** Which check failed, in words. */
  text: z.string(),
})

export const auditVerification = z.object({
  /** No fault was found: nothing that is sealed was edited, removed, added or reordered. */
  proven: z.boolean(),
  /** Seals that were checked. */
  checked: z.int().min(0),
  /** Where the chain ended. Kept elsewhere, it proves later that the chain was not written anew. */
  head: auditAnchor.nullable(),
  /** The tail that no seal proves yet. */
  unsealed: z.object({ rows: z.int().min(0), oldestAgeS: z.number().min(0).nullable() }),
  /** At most 100; `moreFaults` says how many there are besides. */
  faults: z.array(auditFault),
  moreFaults: z.int().min(0),
  at: instant,
  tookMs: z.number().min(0),
})
export type AuditVerification = z.infer<typeof auditVerification>

export const auditVerificationQuery = z.object({
  maxAgeS: z.coerce
    .number()
    .int()
    .min(0)
    .max(86_400)
    .default(60)
    .describe(
      'How old a result may be to be answered again; 0 verifies anew. Ask without it for what a running one found.',
    ),
  expect: z
    .string()
    .regex(/^[0-9a-f]{64}@[1-9][0-9]{0,14}$/, 'use hash@position')
    .optional()
    .describe('A head that was kept, as `hash@position`: is it still in the chain?'),
})
export const auditVerificationAnswer = z.object({
  /** `running`: ask again; `checked` of `total` links are done. */
  state: z.enum(['running', 'done']),
  checked: z.int().min(0),
  total: z.int().min(0),
  /** The newest result, if there is one. */
  result: auditVerification.nullable(),
})
export type AuditVerificationAnswer = z.infer<typeof auditVerificationAnswer>

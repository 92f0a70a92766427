import { z } from 'zod'
import { personId } from './access.ts'
import { instant, prefixedId, slug } from './ids.ts'
import { storable } from './text.ts'

export const enteringId = prefixedId('en')

export const tenantStates = ['active', 'suspended', 'leaving'] as const

/** A tenant as the operator's list shows it. */
export const operatorTenant = z.object({
  key: slug,
  name: z.string(),
  /** `leaving`: it will be deleted whole when `deleteAfter` has passed. */
  state: z.enum(tenantStates),
  suspendedFor: z.string().nullable(),
  deleteAfter: instant.nullable(),
  region: z.string(),
  cell: z.string(),
  createdAt: instant,
  devices: z.int().min(0),
  online: z.int().min(0),
  people: z.int().min(0),
  /** Open alerts of any severity. */
  openAlerts: z.int().min(0),
  /** Stored messages of the last five minutes, per second. */
  messagesPerSecond: z.number().min(0),
  /** Stored messages by hour, the newest last; 24 of them. */
  messagesByHour: z.array(z.int().min(0)),
  /** Rows of telemetry in the hot store. */
  storedMessages: z.int().min(0),
  deadLetters: z.int().min(0),
  rejectionsLastHour: z.int().min(0),
})
export type OperatorTenant = z.infer<typeof operatorTenant>

export const newTenant = z.strictObject({
  key: slug,
  name: storable.min(1).max(128),
  region: z.enum(['us-west-2', 'us-east-1']).default('us-west-2'),
  /** First admin: gets an invitation whose link is in the answer. */
  adminEmail: z.email().max(254),
})
export type NewTenantDraft = z.infer<typeof newTenant>
export const tenantChange = z.strictObject({
  name: storable.min(1).max(128).optional(),
  retentionDays: z.int().min(1).max(3650).optional(),
})
/** Why an operator does what they do; kept in the audit of the tenant. */
export const reason = storable.trim().min(8).max(500)
export const reasoned = z.strictObject({ reason })
export const tenantRemoval = z.strictObject({
  reason,
  /** The key of the tenant again: a slip of the hand must not match it. */
  confirm: slug,
  /** Days until it is deleted; until then it can be kept. */
  waitDays: z.int().min(1).max(90).default(14),
})

export const enteringDraft = z.strictObject({
  reason,
  minutes: z.int().min(5).max(240).default(30),
  role: z.enum(['viewer', 'technician', 'engineer', 'admin']).default('viewer'),
})
export const entering = z.object({
  id: enteringId,
  tenant: slug,
  person: personId,
  personName: z.string(),
  reason: z.string(),
  role: slug,
  beganAt: instant,
  until: instant,
  endedAt: instant.nullable(),
})
export type Entering = z.infer<typeof entering>

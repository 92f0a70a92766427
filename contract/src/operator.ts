import { z } from 'zod'
import { newInvitation, personId } from './access.ts'
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
  retentionDays: z.int().min(1),
  /** Open alerts of any severity, as of the last minute. */
  openAlerts: z.int().min(0),
  /** Stored messages of the last five minutes, per second. */
  messagesPerSecond: z.number().min(0),
  /** Stored messages by hour, the newest last; 24 of them. */
  messagesByHour: z.array(z.int().min(0)),
  /** Rows of telemetry in the hot store; about, where there are many. */
  storedMessages: z.int().min(0),
  /** Counted up to 10,000. */
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
/** The answer to a new tenant: its key, and the invitation of its first admin. */
export const madeTenant = z.object({ key: slug, invitation: newInvitation })
/** Whom to invite as an admin into a tenant that has none who can. */
export const adminInvitation = newTenant.pick({ adminEmail: true })
export const tenantChange = z.strictObject({
  name: storable.min(1).max(128).optional(),
  retentionDays: z.int().min(1).max(3650).optional(),
})
/** Why an operator does what they do; kept in the audit of the tenant. */
export const reason = storable.trim().min(8).max(500)
export const reasoned = z.strictObject({ reason })

/** A tenant as its own people see it. */
export const tenantFacts = z.object({
  key: slug,
  name: z.string(),
  region: z.string(),
  cell: z.string(),
  retentionDays: z.int().min(1),
  state: z.enum(tenantStates),
  /** Why it is suspended; null while it is not. */
  suspendedFor: z.string().nullable(),
  deleteAfter: instant.nullable(),
  createdAt: instant,
})
export type TenantFacts = z.infer<typeof tenantFacts>
/** What an admin may change of their own tenant. */
export const tenantName = z.strictObject({ name: storable.min(1).max(128) })
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

/** An operator of the platform. */
export const operatorFacts = z.object({
  person: personId,
  /** Who vouches for them: `embedded`, or the address of an identity provider. */
  issuer: z.string(),
  username: z.string(),
  name: z.string(),
  email: z.string().nullable(),
  active: z.boolean(),
  /** The one who asks. */
  self: z.boolean(),
})
export type OperatorFacts = z.infer<typeof operatorFacts>
/** Makes somebody an operator, or no longer one. */
export const operatorGrant = z.strictObject({
  username: storable.min(1).max(128),
  /** Needed only where people of two identity providers have one user name. */
  issuer: storable.min(1).max(512).optional(),
  operator: z.boolean(),
  reason,
})

/** Ends the access of a person to every tenant, or restores it. */
export const personLock = z.strictObject({
  username: storable.min(1).max(256),
  /** Needed only where people of two identity providers have one user name. */
  issuer: storable.min(1).max(512).optional(),
  active: z.boolean(),
  reason,
})
export type PersonLock = z.infer<typeof personLock>

export const tenantExportId = prefixedId('ex')
/** An export of a tenant, whole. */
export const tenantExport = z.object({
  id: tenantExportId,
  state: z.enum(['queued', 'running', 'ready', 'failed']),
  requestedBy: z.string(),
  createdAt: instant,
  finishedAt: instant.nullable(),
  /** When its archive is deleted. */
  expiresAt: instant.nullable(),
  tables: z.int().min(0),
  tablesDone: z.int().min(0),
  rows: z.int().min(0),
  /** Size and SHA-256 of the archive. */
  bytes: z.int().min(0).nullable(),
  sha256: z.string().nullable(),
  error: z.string().nullable(),
})
export type TenantExport = z.infer<typeof tenantExport>

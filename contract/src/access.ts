import { z } from 'zod'
import { instant, prefixedId, slug } from './ids.ts'
import { type Permission, peoplesOwn, permissions, roles } from './permissions.ts'
import { storable } from './text.ts'

export const personId = prefixedId('pe')
export const invitationId = prefixedId('iv')
/** Public part of an API key: it names the key before the secret is checked. */
export const apiKeyId = z.string().regex(/^[0-9a-z]{16}$/)

export const permission = z.enum(Object.keys(permissions) as [Permission, ...Permission[]])
/** What an API key may be given. */
export const keyPermission = permission.exclude([...peoplesOwn])
/** Key of a role: a built-in one, or one that the tenant made. */
export const roleKey = slug
const email = z.email().max(254)

/** A set of permissions under a name. Built-in roles cannot be changed. */
export const roleFacts = z.object({
  key: roleKey,
  name: z.string(),
  builtIn: z.boolean(),
  permissions: z.array(permission),
  /** How many members have it. */
  members: z.int().min(0),
})
export type RoleFacts = z.infer<typeof roleFacts>

/** A custom role as it is written; its key stands in the address and is none of the built-in ones. */
export const roleDraft = z.strictObject({
  name: storable.min(1).max(64),
  permissions: z.array(permission).min(1),
})
export type RoleDraft = z.infer<typeof roleDraft>
export const builtInRoles: readonly string[] = roles

/** A person who belongs to the tenant. */
export const member = z.object({
  person: personId,
  username: z.string(),
  name: z.string(),
  email: z.string().nullable(),
  role: roleKey,
  /** False: belongs to the tenant but may not enter it. */
  active: z.boolean(),
  /** `claims`: the role follows what the identity provider says, and cannot be changed here. */
  source: z.enum(['invited', 'claims', 'made']),
  joinedAt: instant,
  lastSeenAt: instant.nullable(),
  /** The one who asks. */
  self: z.boolean(),
})
export type MemberFacts = z.infer<typeof member>

export const memberChange = z.strictObject({
  role: roleKey.optional(),
  active: z.boolean().optional(),
})
export type MemberChange = z.infer<typeof memberChange>

export const invitationDraft = z.strictObject({
  email,
  role: roleKey,
  /** How long the link works; hours. */
  hours: z
    .int()
    .min(1)
    .max(24 * 30)
    .default(72),
})
export type InvitationDraft = z.infer<typeof invitationDraft>

export const invitationStates = ['open', 'accepted', 'withdrawn', 'expired'] as const
export const invitation = z.object({
  id: invitationId,
  email: z.string(),
  role: roleKey,
  state: z.enum(invitationStates),
  invitedBy: z.string(),
  createdAt: instant,
  expiresAt: instant,
})
export type Invitation = z.infer<typeof invitation>
/** A new invitation; the token of its link is shown this once and kept only as a hash. */
export const newInvitation = invitation.extend({ token: z.string() })

/** What one who holds the link of an invitation is told before accepting. */
export const invitationOffer = z.object({
  tenant: z.object({ key: slug, name: z.string() }),
  email: z.string(),
  role: roleKey,
  expiresAt: instant,
})
export const invitationToken = z.strictObject({ token: z.string().min(1).max(128) })

export const apiKeyDraft = z.strictObject({
  name: storable.min(1).max(64),
  permissions: z.array(keyPermission).min(1),
  /** When it ends; at most two years ahead. */
  expiresAt: instant,
})
export type ApiKeyDraft = z.infer<typeof apiKeyDraft>

export const apiKey = z.object({
  id: apiKeyId,
  name: z.string(),
  permissions: z.array(permission),
  createdAt: instant,
  createdBy: z.string(),
  expiresAt: instant,
  lastUsedAt: instant.nullable(),
  revokedAt: instant.nullable(),
})
export type ApiKey = z.infer<typeof apiKey>
/** A new key; `key` is shown this once and kept only as a hash. */
export const newApiKey = apiKey.extend({ key: z.string() })

/** How an operator stays in a tenant that is not theirs, for a while. */
export const enteringFacts = z.object({ reason: z.string(), until: instant })

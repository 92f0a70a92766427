import { z } from 'zod'
import { enteringFacts, permission, personId } from './access.ts'
import { severity } from './envelope.ts'
import { deviceKey, instant, slug, tokenId } from './ids.ts'
import { storable } from './text.ts'

/** A person's session: who, and what they may do in which tenant. */
export const session = z.object({
  person: z.object({ id: personId, name: z.string(), username: z.string() }),
  /** Runs the platform: has the operator's area. */
  operator: z.boolean(),
  tenants: z.array(
    z.object({
      key: slug,
      name: z.string(),
      region: z.string(),
      /** Key of a built-in role, or of one that the tenant made. */
      role: slug,
      permissions: z.array(permission),
      /** A suspended tenant is read and exported; nothing is sent or changed in it. */
      suspended: z.boolean(),
      /** Set while an operator stays in a tenant that is not theirs. */
      entering: enteringFacts.nullable(),
    }),
  ),
  expiresAt: instant,
})
export type Session = z.infer<typeof session>

export const site = z.object({
  key: slug,
  name: z.string(),
  lat: z.number().min(-90).max(90).nullable(),
  lon: z.number().min(-180).max(180).nullable(),
})
export type Site = z.infer<typeof site>

/** A metric as a device type declares it, for names, units and charts. */
export const metricDeclaration = z.object({
  name: z.string(),
  title: z.string(),
  unit: z.string().optional(),
})

export const deviceType = z.object({
  key: slug,
  name: z.string(),
  /** Without a message for this long, a device is stale; seconds. */
  staleAfterS: z.int().min(1),
  /** Without a message for this long and without a session, it is offline; seconds. */
  offlineAfterS: z.int().min(1),
  /** First is the one that lists show as the reading. */
  metrics: z.array(metricDeclaration),
})
export type DeviceType = z.infer<typeof deviceType>

export const deviceStatuses = ['online', 'stale', 'offline', 'never', 'maintenance'] as const
export const deviceStatus = z.enum(deviceStatuses)
export type DeviceStatus = z.infer<typeof deviceStatus>

/** Open alerts of a device by severity. */
export const alertCounts = z.object({
  critical: z.int().min(0),
  warning: z.int().min(0),
  info: z.int().min(0),
})
export type AlertCounts = z.infer<typeof alertCounts>

const tagName = z.string().regex(/^[A-Za-z][A-Za-z0-9_-]{0,31}$/)
export const tags = z.record(tagName, storable.max(128))

/** A row of the fleet list. */
export const deviceRow = z.object({
  key: deviceKey,
  name: z.string(),
  type: slug,
  site: slug.nullable(),
  tags,
  status: deviceStatus,
  /** When Pulse last received a message of it. */
  lastMessageAt: instant.nullable(),
  firmware: z.string().nullable(),
  alerts: alertCounts,
  /** Title of the worst open alert. */
  worstAlert: z.object({ title: z.string(), severity }).nullable(),
  /** The first metric that its type declares, as last reported. */
  reading: z
    .object({ metric: z.string(), value: z.union([z.number(), z.boolean(), z.string()]) })
    .nullable(),
})
export type DeviceRow = z.infer<typeof deviceRow>

export const devicesQuery = z.object({
  /** Fleet query, such as `status:offline type:ups site:"Dallas 2"`. */
  q: z.string().max(1000).default(''),
  sort: z.enum(['key', '-key', 'lastMessage', '-lastMessage', 'alerts']).default('key'),
  cursor: z.string().max(512).optional(),
  limit: z.coerce.number().int().min(1).max(500).default(50),
})
export const devicesAnswer = z.object({
  items: z.array(deviceRow),
  /** How many match the query, and how many the tenant has. */
  matched: z.int(),
  total: z.int(),
  next: z.string().optional(),
  tookMs: z.number(),
})
export type DevicesAnswer = z.infer<typeof devicesAnswer>

const facetCount = z.object({ value: z.string(), label: z.string(), count: z.int() })
/** Counts of what matches the query, per value of a field. */
export const facets = z.object({
  status: z.array(facetCount),
  alerts: z.array(facetCount),
  type: z.array(facetCount),
  site: z.array(facetCount),
  firmware: z.array(facetCount),
})
export type Facets = z.infer<typeof facets>

export const newDevice = z.object({
  key: deviceKey,
  name: storable.min(1).max(128).optional(),
  type: slug,
  site: slug.optional(),
  tags: tags.optional(),
})

export const deviceToken = z.object({
  id: tokenId,
  createdAt: instant,
  lastUsedAt: instant.nullable(),
  revokedAt: instant.nullable(),
})
export type DeviceToken = z.infer<typeof deviceToken>
/** A new token; `token` is shown this once and kept only as a hash. */
export const newToken = z.object({ id: tokenId, token: z.string() })

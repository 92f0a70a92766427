import { z } from 'zod'
import { alertId, deliveryId, deviceKey, instant, slug } from './ids.ts'

export const destination = z.object({
  key: slug,
  name: z.string(),
  kind: z.literal('webhook'),
  url: z.url(),
  /** True when the platform operator allowed a private or loopback address. */
  privateAllowed: z.boolean(),
  createdAt: instant,
})
export type Destination = z.infer<typeof destination>
/** `secret` (Standard Webhooks, `whsec_…`) is shown this once. */
export const newDestination = z.object({
  key: slug,
  name: z.string().min(1).max(128),
  kind: z.literal('webhook'),
  url: z.url(),
})

export const deliveryStates = ['queued', 'retrying', 'delivered', 'dead'] as const
export const deliverySummary = z.object({
  id: deliveryId,
  destination: slug,
  destinationName: z.string(),
  /** The event it tells: `rules.alert-opened` or `rules.alert-cleared`. */
  event: z.string(),
  alert: alertId,
  device: deviceKey,
  title: z.string(),
  state: z.enum(deliveryStates),
  attempts: z.int(),
  createdAt: instant,
  /** When it succeeded or died. */
  settledAt: instant.nullable(),
  nextAttemptAt: instant.nullable(),
  lastStatus: z.int().nullable(),
  lastError: z.string().nullable(),
})
export type DeliverySummary = z.infer<typeof deliverySummary>

export const attempt = z.object({
  number: z.int(),
  at: instant,
  tookMs: z.number(),
  status: z.int().nullable(),
  error: z.string().nullable(),
  /** Beginning of the answer, at most 2 KiB. */
  response: z.string().nullable(),
})
export const deliveryDetail = deliverySummary.extend({
  url: z.string(),
  /** The body as it is sent. */
  body: z.record(z.string(), z.json()),
  log: z.array(attempt),
})
export type DeliveryDetail = z.infer<typeof deliveryDetail>

export const deliveriesQuery = z.object({
  state: z.enum([...deliveryStates, 'all']).default('all'),
  destination: slug.optional(),
  alert: alertId.optional(),
  device: deviceKey.optional(),
  cursor: z.string().max(512).optional(),
  limit: z.coerce.number().int().min(1).max(500).default(100),
})
export const deliveriesAnswer = z.object({
  items: z.array(deliverySummary),
  next: z.string().optional(),
  counts: z.object({ queued: z.int(), retrying: z.int(), delivered: z.int(), dead: z.int() }),
})

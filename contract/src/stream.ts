import { z } from 'zod'
import { messageKinds } from './envelope.ts'
import { deviceKey, instant } from './ids.ts'

export const telemetryQuery = z.object({
  /** Comma-separated names; all that the range holds when left out, at most 12. */
  metrics: z.string().max(1024).optional(),
  from: instant,
  to: instant,
  /** Point budget per metric: with more values than this, buckets are returned. */
  points: z.coerce.number().int().min(10).max(5000).default(600),
})

/**
 * One metric over a range, as columns of equal length: `t` in epoch milliseconds and `mean`
 * (in `raw` mode the value itself); `min` and `max` only in `buckets` mode. A value that is
 * null marks a gap. Booleans count as 0 and 1; texts are left out.
 */
export const series = z.object({
  metric: z.string(),
  mode: z.enum(['raw', 'buckets']),
  /** Width of a bucket in milliseconds; 0 in raw mode. */
  bucketMs: z.int(),
  t: z.array(z.number()),
  mean: z.array(z.number().nullable()),
  min: z.array(z.number().nullable()).optional(),
  max: z.array(z.number().nullable()).optional(),
})
export type Series = z.infer<typeof series>
export const telemetryAnswer = z.object({ series: z.array(series), tookMs: z.number() })
export type TelemetryAnswer = z.infer<typeof telemetryAnswer>

/** Small curves for lists: one metric of many devices over the last hour, 40 buckets. */
export const sparksQuery = z.object({
  /** Comma-separated device keys, at most 100. */
  devices: z.string().max(16_384),
})
export const sparksAnswer = z.object({
  items: z.array(z.object({ device: deviceKey, values: z.array(z.number().nullable()) })),
})

/** A stored message, as the live tail and the message list show it. */
export const storedMessage = z.object({
  device: deviceKey,
  id: z.string(),
  kind: z.enum(messageKinds),
  ts: instant,
  receivedAt: instant,
  /** For telemetry the metrics, else the data of the envelope. */
  data: z.record(z.string(), z.json()),
})
export type StoredMessage = z.infer<typeof storedMessage>

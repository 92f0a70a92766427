import { z } from 'zod'
import { deviceKey, MESSAGE_ID, METRIC_NAME } from './ids.ts'

/** Limits of Pulse Envelope v1. */
export const envelopeLimits = {
  payloadBytes: 128 * 1024,
  metrics: 256,
  metricText: 256,
  points: 1000,
  /** How far ahead of Pulse's clock a message may be dated. */
  aheadMs: 10 * 60 * 1000,
} as const

export const messageKinds = ['telemetry', 'event', 'status'] as const
export type MessageKind = (typeof messageKinds)[number]

export const severities = ['info', 'warning', 'critical'] as const
export const severity = z.enum(severities)
export type Severity = z.infer<typeof severity>

/** RFC 3339 with a zone, or integer epoch milliseconds. */
const timestamp = z.union([z.iso.datetime({ offset: true }), z.int().min(0)])

/** A finite number, a boolean, or a string of at most 256 characters. */
export const metricValue = z.union([
  z.number(),
  z.boolean(),
  z.string().max(envelopeLimits.metricText),
])
export type MetricValue = z.infer<typeof metricValue>

const metrics = z.record(z.string().regex(METRIC_NAME), metricValue).refine((record) => {
  const names = Object.keys(record).length
  return names >= 1 && names <= envelopeLimits.metrics
}, 'give 1 to 256 metrics')

const telemetryData = z.union([
  z.looseObject({ metrics }),
  z.looseObject({
    points: z
      .array(z.looseObject({ ts: timestamp, metrics }))
      .min(1)
      .max(envelopeLimits.points),
  }),
])

const eventData = z.looseObject({
  name: z.string().min(1).max(128),
  severity: severity.optional(),
  message: z.string().max(1024).optional(),
  attributes: z.record(z.string(), z.json()).optional(),
})

const statusData = z.looseObject({
  uptimeS: z.number().min(0).optional(),
  batteryPct: z.number().min(0).max(100).optional(),
  rssiDbm: z.number().optional(),
  firmware: z.string().min(1).max(64).optional(),
  attributes: z.record(z.string(), z.json()).optional(),
})

const head = {
  v: z.literal(1),
  id: z.string().regex(MESSAGE_ID).optional(),
  device: deviceKey.optional(),
  ts: timestamp.optional(),
  seq: z.int().min(0).optional(),
}

/**
 * Pulse Envelope v1, what a device sends. Unknown fields are kept beside the data and ignored.
 * The hot path checks telemetry by hand-written code that a property test holds equal to this.
 */
export const envelope = z.discriminatedUnion('type', [
  z.looseObject({ ...head, type: z.literal('telemetry'), data: telemetryData }),
  z.looseObject({ ...head, type: z.literal('event'), data: eventData }),
  z.looseObject({ ...head, type: z.literal('status'), data: statusData }),
])
export type Envelope = z.infer<typeof envelope>

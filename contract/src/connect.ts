import { z } from 'zod'
import { commandId, deviceKey, instant } from './ids.ts'

/** A recorded refusal. Under a flood rows are sampled: this one stands for `count` alike. */
export const rejection = z.object({
  id: z.string(),
  at: instant,
  device: deviceKey.nullable(),
  code: z.string(),
  /** What was wrong with this very message, in plain words. */
  message: z.string(),
  remedy: z.string(),
  topic: z.string().nullable(),
  messageId: z.string().nullable(),
  source: z.enum(['mqtt', 'http']),
  address: z.string().nullable(),
  /** Beginning of the payload, at most 512 bytes, undecodable bytes replaced. */
  excerpt: z.string().nullable(),
  count: z.int().min(1),
})
export type Rejection = z.infer<typeof rejection>
export const rejectionsQuery = z.object({
  device: deviceKey.optional(),
  code: z.string().max(64).optional(),
  cursor: z.string().max(512).optional(),
  limit: z.coerce.number().int().min(1).max(500).default(100),
})
export const rejectionsAnswer = z.object({
  items: z.array(rejection),
  next: z.string().optional(),
  /** Exact counts of the last hour per code. */
  lastHour: z.array(z.object({ code: z.string(), count: z.int() })),
})

/** Where devices connect. */
export const endpoints = z.object({
  tenant: z.string(),
  mqtt: z.object({ host: z.string(), port: z.int() }),
  mqtts: z.object({ host: z.string(), port: z.int() }).nullable(),
  /** Path of MQTT over WebSocket on the HTTP port. */
  websocketUrl: z.string().nullable(),
  ingestUrl: z.string(),
})
export type Endpoints = z.infer<typeof endpoints>

/** Result of one item of `POST /v1/ingest`. */
export const ingestResult = z.object({
  index: z.int(),
  id: z.string().optional(),
  ok: z.boolean(),
  code: z.string().optional(),
  message: z.string().optional(),
  remedy: z.string().optional(),
})
export const ingestAnswer = z.object({
  accepted: z.int(),
  refused: z.int(),
  results: z.array(ingestResult),
})

export const newCommand = z.object({
  name: z.string().min(1).max(64),
  payload: z.json().optional(),
  /** How long it waits for a device that is away; seconds. */
  ttlS: z
    .int()
    .min(1)
    .max(30 * 86_400)
    .default(3600),
})
export const commandStates = ['queued', 'sent', 'acknowledged', 'answered', 'expired'] as const
export const command = z.object({
  id: commandId,
  device: deviceKey,
  name: z.string(),
  payload: z.json().nullable(),
  state: z.enum(commandStates),
  createdAt: instant,
  expiresAt: instant,
  sentAt: instant.nullable(),
  acknowledgedAt: instant.nullable(),
  answeredAt: instant.nullable(),
  result: z.json().nullable(),
})
export type Command = z.infer<typeof command>

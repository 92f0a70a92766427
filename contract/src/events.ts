import { z } from 'zod'
import { apiKeyId, personId } from './access.ts'
import { severity } from './envelope.ts'
import { alertId, deliveryId, deviceKey, instant, slug } from './ids.ts'
import { deviceStatus } from './registry.ts'
import { traceStep } from './rules.ts'

/** Payloads of the events that travel through the outbox, by type and version. */
export const eventPayloads = {
  'registry.device-created': z.object({ device: deviceKey, type: slug }),
  'registry.token-created': z.object({ device: deviceKey, token: z.string() }),
  'registry.token-revoked': z.object({ device: deviceKey, token: z.string() }),
  /** Somebody joined a tenant, left it, or may do something else in it. */
  'registry.member-changed': z.object({ person: personId }),
  'registry.role-changed': z.object({ role: slug }),
  'registry.api-key-revoked': z.object({ key: apiKeyId }),
  /** Renamed, suspended, resumed, leaving, kept, or gone. */
  'registry.tenant-changed': z.object({ tenant: slug, suspended: z.boolean() }),
  'state.presence-changed': z.object({
    device: deviceKey,
    from: deviceStatus,
    to: deviceStatus,
    at: instant,
  }),
  'rules.rule-changed': z.object({ rule: slug, version: z.int() }),
  'rules.alert-opened': z.object({
    alert: alertId,
    rule: slug,
    title: z.string(),
    severity,
    device: deviceKey,
    deviceName: z.string(),
    site: slug.nullable(),
    openedAt: instant,
    reason: z.string(),
    values: traceStep.shape.values,
  }),
  'rules.alert-cleared': z.object({
    alert: alertId,
    rule: slug,
    title: z.string(),
    severity,
    device: deviceKey,
    deviceName: z.string(),
    site: slug.nullable(),
    openedAt: instant,
    clearedAt: instant,
    reason: z.string(),
  }),
  'rules.alert-acknowledged': z.object({ alert: alertId, device: deviceKey, by: z.string() }),
  'actions.delivery-settled': z.object({
    delivery: deliveryId,
    state: z.enum(['delivered', 'dead']),
  }),
  'connect.command-changed': z.object({
    device: deviceKey,
    command: z.string(),
    state: z.string(),
  }),
} as const
export type EventType = keyof typeof eventPayloads
export type EventData<T extends EventType> = z.input<(typeof eventPayloads)[T]>

/** An event that is about to be written: a rare fact, in the transaction of its change. */
export type EventDraft = {
  [T in EventType]: {
    readonly type: T
    readonly tenant: number
    readonly subject: string
    readonly data: EventData<T>
  }
}[EventType]

/** The envelope of every event; `position` rises without bound and is given by the relay. */
export const eventEnvelope = z.object({
  id: z.string(),
  type: z.string(),
  v: z.literal(1),
  tenant: slug,
  subject: z.string(),
  at: instant,
  position: z.int(),
  data: z.json(),
})

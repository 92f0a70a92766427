import { z } from 'zod'
import { deliverySummary } from './actions.ts'
import { rejection } from './connect.ts'
import { deviceKey } from './ids.ts'
import { deviceRow } from './registry.ts'
import { alert } from './rules.ts'
import { storedMessage } from './stream.ts'

export const liveQuery = z.object({
  /** A device whose messages and rejections are wanted one by one. */
  device: deviceKey.optional(),
})

/** What may change in a device row while one looks at it. */
export const devicePatch = deviceRow
  .pick({
    key: true,
    status: true,
    lastMessageAt: true,
    alerts: true,
    worstAlert: true,
    reading: true,
  })
  .partial()
  .required({ key: true })
export type DevicePatch = z.infer<typeof devicePatch>

/**
 * The events of `GET /v1/live`, a server-sent event stream: `event:` is the type, `data:` the
 * JSON of `data`. Device patches are gathered for 250 ms. A slow reader gets `gap`.
 */
export const liveEvent = z.discriminatedUnion('type', [
  z.object({ type: z.literal('hello'), data: z.object({ at: z.string() }) }),
  z.object({
    type: z.literal('rate'),
    data: z.object({ perSecond: z.number(), refusedPerSecond: z.number() }),
  }),
  z.object({ type: z.literal('devices'), data: z.array(devicePatch) }),
  z.object({ type: z.literal('alert'), data: alert }),
  z.object({ type: z.literal('delivery'), data: deliverySummary }),
  z.object({ type: z.literal('rejection'), data: rejection }),
  z.object({ type: z.literal('message'), data: storedMessage }),
  z.object({ type: z.literal('gap'), data: z.object({ dropped: z.int() }) }),
])
export type LiveEvent = z.infer<typeof liveEvent>

import { z } from 'zod'
import { metricValue } from './envelope.ts'
import { instant } from './ids.ts'
import { deviceRow, deviceStatus } from './registry.ts'

/** The newest value of a metric, and when it was measured. */
export const latestMetric = z.object({ value: metricValue, at: instant })

/** Everything the device page shows at a glance. */
export const deviceDetail = deviceRow.extend({
  createdAt: instant,
  session: z.object({
    connected: z.boolean(),
    /** Since when it is connected, or when it was last seen to leave; null if it never connected. */
    since: instant.nullable(),
    protocol: z.string().nullable(),
    clientId: z.string().nullable(),
    address: z.string().nullable(),
  }),
  /** Newest `ts` over all its messages. */
  newestAt: instant.nullable(),
  metrics: z.record(z.string(), latestMetric),
  /** What its last status message said. */
  lastStatus: z.record(z.string(), z.json()).nullable(),
  /** Gaps in `seq` and messages older than the newest, since the server started. */
  counters: z.object({ messages: z.int(), gaps: z.int(), late: z.int() }),
})
export type DeviceDetail = z.infer<typeof deviceDetail>

/** A span of one status. The last one is open: `to` is null. */
export const presenceSpan = z.object({
  from: instant,
  to: instant.nullable(),
  status: deviceStatus,
})
export type PresenceSpan = z.infer<typeof presenceSpan>

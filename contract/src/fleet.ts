import { z } from 'zod'
import { severity } from './envelope.ts'
import { alertId, commandId, deviceKey, instant, slug } from './ids.ts'
import { alertCounts, site } from './registry.ts'
import { alert } from './rules.ts'
import { presenceSpan } from './state.ts'

export const siteSummary = site.extend({
  online: z.int(),
  stale: z.int(),
  offline: z.int(),
  never: z.int(),
  maintenance: z.int(),
  alerts: alertCounts,
})
export type SiteSummary = z.infer<typeof siteSummary>

/** What changed: one line, with where it leads. */
export const change = z.object({
  at: instant,
  text: z.string(),
  by: z.string().nullable(),
  device: deviceKey.nullable(),
  alert: alertId.nullable(),
})

export const overviewQuery = z.object({
  hours: z.coerce.number().int().min(1).max(168).default(24),
})
/** Everything the overview shows. Histories are columns of equal length, oldest first. */
export const overview = z.object({
  devices: z.object({
    total: z.int(),
    online: z.int(),
    stale: z.int(),
    offline: z.int(),
    never: z.int(),
    maintenance: z.int(),
  }),
  alerts: alertCounts,
  messages: z.object({ perSecond: z.number(), refusedLastHour: z.int() }),
  /** Over the range; `succeeded` of `settled`, 99th percentile from event to answer. */
  deliveries: z.object({
    settled: z.int(),
    succeeded: z.int(),
    p99Ms: z.number().nullable(),
    deadLetters: z.int(),
  }),
  history: z.object({
    at: z.array(instant),
    online: z.array(z.number().nullable()),
    alerts: z.array(z.number().nullable()),
    messages: z.array(z.number().nullable()),
    deliveries: z.array(z.number().nullable()),
  }),
  sites: z.array(siteSummary),
  /** Open alerts, worst and newest first, at most 20. */
  now: z.array(alert),
  changes: z.array(change),
})
export type Overview = z.infer<typeof overview>

/** The lanes of a device's timeline over a range. */
export const timelineQuery = z.object({ from: instant, to: instant })
export const timeline = z.object({
  presence: z.array(presenceSpan),
  alerts: z.array(
    z.object({
      id: alertId,
      rule: slug,
      title: z.string(),
      severity,
      from: instant,
      to: instant.nullable(),
    }),
  ),
  commands: z.array(z.object({ id: commandId, name: z.string(), at: instant, state: z.string() })),
  deliveries: z.array(
    z.object({ id: z.string(), at: instant, event: z.string(), state: z.string() }),
  ),
  events: z.array(
    z.object({
      at: instant,
      name: z.string(),
      severity: severity.nullable(),
      message: z.string().nullable(),
    }),
  ),
})
export type Timeline = z.infer<typeof timeline>

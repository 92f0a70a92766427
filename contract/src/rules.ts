import { z } from 'zod'
import { deliverySummary } from './actions.ts'
import { severity } from './envelope.ts'
import { alertId, deviceKey, instant, slug } from './ids.ts'

const seconds = z.int().min(1).max(31_622_400)
const common = {
  pulse: z.literal('rule/v1'),
  key: slug,
  title: z.string().min(1).max(128),
  severity,
  /** Fleet query over Registry fields: which devices it watches. */
  selector: z.string().max(1000).default(''),
  /** Keys of the destinations that hear of its alerts. */
  notify: z.array(slug).max(16).default([]),
}

/** Opens when `when` holds for `forS` seconds; clears when `clear` (else not `when`) holds. */
export const thresholdRule = z.object({
  ...common,
  kind: z.literal('threshold'),
  /** Condition in CEL over `metrics`, such as `metrics.tempC > 36.0`. */
  when: z.string().min(1).max(1000),
  forS: seconds.optional(),
  clear: z.string().min(1).max(1000).optional(),
  clearForS: seconds.optional(),
})

/** Opens when no message (or no value of `metric`) came for `forS` seconds; clears with the next. */
export const absenceRule = z.object({
  ...common,
  kind: z.literal('absence'),
  metric: z.string().optional(),
  forS: seconds,
})

/** A rule document, `pulse: rule/v1`. */
export const ruleDocument = z.discriminatedUnion('kind', [thresholdRule, absenceRule])
export type RuleDocument = z.infer<typeof ruleDocument>

/** A rule with its life. */
export const rule = z.object({
  key: slug,
  version: z.int(),
  document: ruleDocument,
  active: z.boolean(),
  createdAt: instant,
  openAlerts: z.int(),
})
export type Rule = z.infer<typeof rule>
/** The rules of a tenant in use, by key. */
export const rulesAnswer = z.object({ items: z.array(rule) })

/**
 * One step of an explanation: what happened when, with which values.
 * `at` is the time of the key's clock (measured time), not of arrival.
 */
export const traceStep = z.object({
  at: instant,
  /** What caused it: a message, a timer, or a person. */
  trigger: z.enum(['message', 'timer', 'command']),
  /** State before and after, such as `idle` → `pending` → `open`. */
  from: z.string(),
  to: z.string(),
  /** One plain sentence. */
  text: z.string(),
  /** Operand values of each condition read, by their name in the condition. */
  values: z.record(z.string(), z.union([z.number(), z.boolean(), z.string(), z.null()])),
})
export type TraceStep = z.infer<typeof traceStep>

export const alertStates = ['open', 'acknowledged', 'cleared'] as const
export const alert = z.object({
  id: alertId,
  rule: slug,
  ruleVersion: z.int(),
  title: z.string(),
  severity,
  device: deviceKey,
  deviceName: z.string(),
  site: slug.nullable(),
  state: z.enum(alertStates),
  openedAt: instant,
  clearedAt: instant.nullable(),
  acknowledgedAt: instant.nullable(),
  acknowledgedBy: z.string().nullable(),
  /** One plain sentence that says why it opened. */
  reason: z.string(),
  /** The values that opened it. */
  values: traceStep.shape.values,
})
export type Alert = z.infer<typeof alert>

/** An alert with its story: how it came, what was done, and what went out. */
export const alertDetail = alert.extend({
  trace: z.array(traceStep),
  deliveries: z.array(deliverySummary),
  /** For the plot: the metric that the rule reads first, and its limits with their words. */
  plot: z
    .object({
      metric: z.string(),
      limits: z.array(
        z.object({ value: z.number(), text: z.string(), kind: z.enum(['open', 'clear']) }),
      ),
    })
    .nullable(),
  /** How often this rule opened for this device in the last 90 days, this one included. */
  timesIn90Days: z.int(),
})
export type AlertDetail = z.infer<typeof alertDetail>

export const alertsQuery = z.object({
  state: z.enum([...alertStates, 'active', 'all']).default('active'),
  severity: severity.optional(),
  device: deviceKey.optional(),
  rule: slug.optional(),
  cursor: z.string().max(512).optional(),
  limit: z.coerce.number().int().min(1).max(500).default(100),
})
export const alertsAnswer = z.object({
  items: z.array(alert),
  next: z.string().optional(),
  counts: z.object({ open: z.int(), acknowledged: z.int(), clearedToday: z.int() }),
})

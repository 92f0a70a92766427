import type { AlertDetail } from '@pulse/contract'
import type { EngineRule, ThresholdRule } from './machine.ts'
import { beyond, duration } from './words.ts'

type Plot = NonNullable<AlertDetail['plot']>

/** What to draw for an alert of `rule`: its first metric, and its limits in words. */
export function plotOf(rule: EngineRule): AlertDetail['plot'] {
  if (rule.kind === 'absence')
    return rule.metric === undefined ? null : { metric: rule.metric, limits: [] }
  const metric = rule.when.metrics[0] ?? rule.clear.metrics[0]
  return metric === undefined ? null : { metric, limits: limitsOf(rule, metric) }
}

/** `opens above 36 for 5 s`, `clears below 32`. */
function limitsOf(rule: ThresholdRule, metric: string): Plot['limits'] {
  const lines = (kind: 'open' | 'clear', verb: string) => {
    const condition = kind === 'open' ? rule.when : rule.clear
    const ms = kind === 'open' ? rule.forMs : rule.clearForMs
    const waiting = ms === 0 ? '' : ` for ${duration(ms)}`
    return condition.limits
      .filter((limit) => limit.metric === metric)
      .map((limit) => ({ value: limit.value, text: `${verb} ${beyond(limit)}${waiting}`, kind }))
  }
  return [...lines('open', 'opens'), ...lines('clear', 'clears')]
}

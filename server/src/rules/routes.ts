import {
  alert,
  alertDetail,
  alertId,
  alertsAnswer,
  alertsQuery,
  rule,
  ruleDocument,
  rulesAnswer,
  slug,
} from '@pulse/contract'
import { z } from 'zod'
import { actorOf, type FastifyRequest, type Shell, tenantOf } from '#platform'
import type { Act } from '#registry'
import { refuse } from './errors.ts'
import type { Rules } from './rules.ts'

const actOf = (request: FastifyRequest): Act => ({
  tenant: tenantOf(request),
  actor: actorOf(request),
  requestId: request.id,
  address: request.ip,
})

const byKey = z.object({ key: slug })
const byId = z.object({ id: alertId })

/** Routes of rules and alerts. */
export function rulesRoutes(shell: Shell, rules: Rules): void {
  ruleRoutes(shell, rules)
  alertRoutes(shell, rules)
}

function ruleRoutes(shell: Shell, rules: Rules): void {
  shell.get(
    '/v1/rules',
    {
      config: { permission: 'rule.read' },
      schema: { summary: 'The rules in use', tags: ['Rules'], response: { 200: rulesAnswer } },
    },
    async (request) => ({ items: [...(await rules.rules(tenantOf(request)))] }),
  )
  shell.get(
    '/v1/rules/:key',
    {
      config: { permission: 'rule.read' },
      schema: { summary: 'One rule', tags: ['Rules'], params: byKey, response: { 200: rule } },
    },
    (request) => rules.rule(tenantOf(request), request.params.key),
  )
  shell.put(
    '/v1/rules/:key',
    {
      config: { permission: 'rule.write' },
      schema: {
        summary: 'Make or change a rule',
        description: 'A change makes a new version; earlier ones stay as they were.',
        tags: ['Rules'],
        params: byKey,
        body: ruleDocument,
        response: { 200: rule },
      },
    },
    (request) => {
      if (request.body.key !== request.params.key) {
        throw refuse.badRule({
          detail: `key: the document says ${request.body.key}, the address ${request.params.key}.`,
        })
      }
      return rules.putRule(actOf(request), request.body)
    },
  )
}

function alertRoutes(shell: Shell, rules: Rules): void {
  shell.get(
    '/v1/alerts',
    {
      config: { permission: 'alert.read' },
      schema: {
        summary: 'Alerts, newest first',
        tags: ['Rules'],
        querystring: alertsQuery,
        response: { 200: alertsAnswer },
      },
    },
    (request) => rules.alerts(tenantOf(request), request.query),
  )
  shell.get(
    '/v1/alerts/:id',
    {
      config: { permission: 'alert.read' },
      schema: {
        summary: 'An alert with its story',
        tags: ['Rules'],
        params: byId,
        response: { 200: alertDetail },
      },
    },
    (request) => rules.detail(tenantOf(request), request.params.id),
  )
  shell.post(
    '/v1/alerts/:id/acknowledge',
    {
      config: { permission: 'alert.write' },
      schema: {
        summary: 'Acknowledge an alert',
        tags: ['Rules'],
        params: byId,
        response: { 200: alert },
      },
    },
    (request) => {
      const by = request.principal?.name ?? actorOf(request).id
      return rules.acknowledge(actOf(request), request.params.id, by)
    },
  )
}

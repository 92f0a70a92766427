import { entering, tenantFacts, tenantName } from '@pulse/contract'
import { z } from 'zod'
import { type Shell, tenantOf } from '#platform'
import { actOf } from './act.ts'
import type { Registry } from './registry.ts'

/** What the people of a tenant see and change of the tenant itself. */
export function tenantRoutes(app: Shell, { tenants, life, enterings }: Registry): void {
  const tags = ['Tenant']
  app.get(
    '/v1/tenant',
    {
      config: { permission: 'device.read' },
      schema: { tags, summary: 'Show the tenant', response: { 200: tenantFacts } },
    },
    (request) => tenants.facts(tenantOf(request)),
  )
  app.patch(
    '/v1/tenant',
    {
      config: { permission: 'tenant.write' },
      schema: {
        tags,
        summary: 'Rename the tenant',
        body: tenantName,
        response: { 200: tenantFacts },
      },
    },
    async (request) => {
      await life.change(actOf(request), request.body)
      return tenants.facts(tenantOf(request))
    },
  )
  app.get(
    '/v1/enterings',
    {
      config: { permission: 'audit.read' },
      schema: {
        tags,
        summary: 'List who of the platform’s operators entered the tenant, when and why',
        response: { 200: z.object({ items: z.array(entering) }) },
      },
    },
    async (request) => ({ items: [...(await enterings.ofTenant(tenantOf(request)))] }),
  )
}

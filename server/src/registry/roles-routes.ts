import { roleDraft, roleFacts, roleKey } from '@pulse/contract'
import { z } from 'zod'
import { type Shell, tenantOf } from '#platform'
import { grantOf } from './access.ts'
import type { Registry } from './registry.ts'

const tags = ['People']
const url = '/v1/roles/:key'
const params = z.object({ key: roleKey })

/** Routes of roles. */
export function roleRoutes(app: Shell, registry: Registry): void {
  readRoutes(app, registry)
  writeRoutes(app, registry)
}

function readRoutes(app: Shell, { roles }: Registry): void {
  app.get(
    '/v1/roles',
    {
      config: { permission: 'member.read' },
      schema: {
        tags,
        summary: 'List roles: those that are built in, and the tenant’s own',
        response: { 200: z.object({ items: z.array(roleFacts) }) },
      },
    },
    async (request) => ({ items: [...(await roles.list(tenantOf(request)))] }),
  )
  app.get(
    url,
    {
      config: { permission: 'member.read' },
      schema: { tags, summary: 'A role', params, response: { 200: roleFacts } },
    },
    (request) => roles.role(tenantOf(request), request.params.key),
  )
}

function writeRoutes(app: Shell, { roles }: Registry): void {
  app.put(
    url,
    {
      config: { permission: 'role.write' },
      schema: {
        tags,
        summary: 'Make or change a role of the tenant’s own',
        description: 'Nobody puts into a role what they may not do themselves.',
        params,
        body: roleDraft,
        response: { 200: roleFacts },
      },
    },
    (request) => roles.put(grantOf(request), request.params.key, request.body),
  )
  app.delete(
    url,
    {
      config: { permission: 'role.write' },
      schema: {
        tags,
        summary: 'Remove a role that nobody has',
        params,
        response: { 204: z.null().describe('Done.') },
      },
    },
    async (request, reply) => {
      await roles.remove(grantOf(request), request.params.key)
      return reply.code(204).send(null)
    },
  )
}

import { member, memberChange, personId } from '@pulse/contract'
import { z } from 'zod'
import { type Shell, tenantOf } from '#platform'
import { grantOf } from './access.ts'
import type { Registry } from './registry.ts'

const tags = ['People']
const params = z.object({ person: personId })

/** Routes of the people of a tenant. */
export function memberRoutes(app: Shell, { members }: Registry): void {
  app.get(
    '/v1/members',
    {
      config: { permission: 'member.read' },
      schema: {
        tags,
        summary: 'List the people of the tenant',
        response: { 200: z.object({ items: z.array(member) }) },
      },
    },
    async (request) => ({
      items: [...(await members.list(tenantOf(request), request.principal?.id ?? ''))],
    }),
  )
  app.patch(
    '/v1/members/:person',
    {
      config: { permission: 'member.write' },
      schema: {
        tags,
        summary: 'Change the role of a person, or end or restore their access',
        description: 'Open sessions feel it at once. The last who may manage people stays.',
        params,
        body: memberChange,
        response: { 200: member },
      },
    },
    (request) => members.change(grantOf(request), request.params.person, request.body),
  )
  app.delete(
    '/v1/members/:person',
    {
      config: { permission: 'member.write' },
      schema: {
        tags,
        summary: 'Remove a person from the tenant',
        params,
        response: { 204: z.null().describe('Done.') },
      },
    },
    async (request, reply) => {
      await members.remove(grantOf(request), request.params.person)
      return reply.code(204).send(null)
    },
  )
}

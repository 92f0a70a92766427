import { personLock } from '@pulse/contract'
import { z } from 'zod'
import { actorOf, type Shell } from '#platform'
import type { Registry } from './registry.ts'
import { fromOf } from './session-routes.ts'

/** The route by which operators end and restore the access of a person. */
export function personLockRoutes(app: Shell, { personLocks }: Registry): void {
  app.patch(
    '/v1/operator/people',
    {
      config: { operator: true },
      schema: {
        tags: ['Operator'],
        summary: 'End the access of a person to every tenant, or restore it',
        description: 'Open sessions feel it at once. The last active operator stays.',
        body: personLock,
        response: { 204: z.null().describe('Done.') },
      },
    },
    async (request, reply) => {
      await personLocks.set({ actor: actorOf(request), ...fromOf(request) }, request.body)
      return reply.code(204).send(null)
    },
  )
}

import { session } from '@pulse/contract'
import { z } from 'zod'
import type { FastifyRequest, Principal, Shell } from '#platform'
import { refuse } from './errors.ts'
import type { From } from './people.ts'
import type { Registry } from './registry.ts'

/** Who asks, on a route that is open to people. */
export function personOf({ principal }: FastifyRequest): Principal {
  if (!principal) throw refuse.unauthenticated()
  return principal
}

/** Where a request came from. */
export const fromOf = ({ ip, id }: FastifyRequest): From => ({ address: ip, requestId: id })

/** Routes of a person's own session. */
export function sessionRoutes(app: Shell, { people }: Registry): void {
  const tags = ['Session']
  app.get(
    '/v1/session',
    {
      config: { open: 'person' },
      schema: { tags, summary: 'Who am I', response: { 200: session } },
    },
    (request) => people.session(personOf(request)),
  )
  app.delete(
    '/v1/session',
    {
      config: { open: 'person' },
      schema: {
        tags,
        summary: 'Sign out',
        description: 'Every token that was issued for this sign-in ends at once.',
        response: { 204: z.null().describe('Done.') },
      },
    },
    async (request, reply) => {
      await people.endSession(personOf(request), fromOf(request))
      return reply.code(204).send(null)
    },
  )
}

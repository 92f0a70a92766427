import { apiKey, apiKeyDraft, apiKeyId, newApiKey } from '@pulse/contract'
import { z } from 'zod'
import { type Shell, tenantOf } from '#platform'
import { grantOf } from './access.ts'
import { actOf } from './act.ts'
import type { Registry } from './registry.ts'

const tags = ['API keys']

/** Routes of API keys. */
export function apiKeyRoutes(app: Shell, { apiKeys }: Registry): void {
  app.get(
    '/v1/api-keys',
    {
      config: { permission: 'key.read' },
      schema: {
        tags,
        summary: 'List API keys, those that have ended too',
        response: { 200: z.object({ items: z.array(apiKey) }) },
      },
    },
    async (request) => ({ items: [...(await apiKeys.list(tenantOf(request)))] }),
  )
  app.post(
    '/v1/api-keys',
    {
      config: { permission: 'key.write', secret: true },
      schema: {
        tags,
        summary: 'Make an API key',
        description:
          'The key is shown this once; only a hash of its secret is kept. It may do what it is given here and no more, and nobody gives more than they have.',
        body: apiKeyDraft,
        response: { 201: newApiKey },
      },
    },
    async (request, reply) =>
      reply.code(201).send(await apiKeys.make(grantOf(request), request.body)),
  )
  app.delete(
    '/v1/api-keys/:id',
    {
      config: { permission: 'key.write' },
      schema: {
        tags,
        summary: 'Revoke an API key',
        description: 'It ends at once.',
        params: z.object({ id: apiKeyId }),
        response: { 204: z.null().describe('Done.') },
      },
    },
    async (request, reply) => {
      await apiKeys.revoke(actOf(request), request.params.id)
      return reply.code(204).send(null)
    },
  )
}

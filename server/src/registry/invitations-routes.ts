import {
  invitation,
  invitationDraft,
  invitationId,
  invitationOffer,
  invitationToken,
  newInvitation,
} from '@pulse/contract'
import { z } from 'zod'
import { type Shell, tenantOf } from '#platform'
import { grantOf } from './access.ts'
import { actOf } from './act.ts'
import type { Registry } from './registry.ts'
import { fromOf, personOf } from './session-routes.ts'

const tags = ['People']

/** Routes by which a tenant invites people. */
export function invitationRoutes(app: Shell, { invitations }: Registry): void {
  app.get(
    '/v1/invitations',
    {
      config: { permission: 'member.read' },
      schema: {
        tags,
        summary: 'List invitations, open ones first',
        response: { 200: z.object({ items: z.array(invitation) }) },
      },
    },
    async (request) => ({ items: [...(await invitations.list(tenantOf(request)))] }),
  )
  app.post(
    '/v1/invitations',
    {
      config: { permission: 'member.write', secret: true },
      schema: {
        tags,
        summary: 'Invite a person',
        description:
          'The token of the link is shown this once. Pulse sends no mail: who invites passes it on.',
        body: invitationDraft,
        response: { 201: newInvitation },
      },
    },
    async (request, reply) =>
      reply.code(201).send(await invitations.invite(grantOf(request), request.body)),
  )
  app.delete(
    '/v1/invitations/:id',
    {
      config: { permission: 'member.write' },
      schema: {
        tags,
        summary: 'Withdraw an invitation',
        params: z.object({ id: invitationId }),
        response: { 204: z.null().describe('Done.') },
      },
    },
    async (request, reply) => {
      await invitations.withdraw(actOf(request), request.params.id)
      return reply.code(204).send(null)
    },
  )
}

/** Routes for who holds the link of an invitation. */
export function offerRoutes(app: Shell, { invitations, people }: Registry): void {
  app.post(
    '/v1/invitations/offer',
    {
      config: { open: 'nobody' },
      schema: {
        tags,
        summary: 'What an invitation offers, by the token of its link',
        security: [],
        body: invitationToken,
        response: { 200: invitationOffer },
      },
    },
    (request) => invitations.offer(request.body.token, request.ip),
  )
  app.post(
    '/v1/invitations/accept',
    {
      config: { open: 'person' },
      schema: {
        tags,
        summary: 'Accept an invitation',
        description: 'For who signed in with the invited address, when it is verified. Once.',
        body: invitationToken,
        response: { 200: invitationOffer },
      },
    },
    (request) => {
      const principal = personOf(request)
      const { id, name } = principal
      const invited = { id, name, ...people.emailOf(principal) }
      return invitations.accept(request.body.token, invited, fromOf(request))
    },
  )
}

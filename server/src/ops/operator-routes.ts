import {
  adminInvitation,
  entering,
  enteringDraft,
  enteringId,
  type InvitationDraft,
  madeTenant,
  newInvitation,
  newTenant,
  operatorFacts,
  operatorGrant,
  operatorTenant,
  reasoned,
  slug,
  tenantChange,
  tenantRemoval,
} from '@pulse/contract'
import { z } from 'zod'
import { actorOf, type FastifyRequest, PulseError, type Shell } from '#platform'
import type { Act, PlatformAct, Registry } from '#registry'
import type { OperatorFigures } from './operator-figures.ts'

export interface OperatorDeps {
  readonly registry: Pick<Registry, 'tenants' | 'life' | 'enterings' | 'operators'>
  readonly figures: OperatorFigures
  /** Invites somebody into a tenant; the token of the invitation is in the answer. */
  readonly invite: (act: Act, draft: InvitationDraft) => Promise<z.infer<typeof newInvitation>>
}

const tags = ['Operator']
const config = { operator: true } as const
const params = z.object({ key: slug })
const items = <T extends z.ZodType>(item: T) => z.object({ items: z.array(item) })
const nothing = z.null().describe('Done.')
const FIRST_INVITATION_HOURS = 168

/** Routes of those who run the platform: tenants, their own stays in them, who else is an operator. */
export function operatorRoutes(app: Shell, deps: OperatorDeps): void {
  tenantListRoutes(app, deps)
  tenantMakingRoutes(app, deps)
  suspensionRoutes(app, deps)
  removalRoutes(app, deps)
  enteringRoutes(app, deps)
  operatorListRoutes(app, deps)
}

/** Who acts, as an operator: in no tenant. */
const byOf = (request: FastifyRequest): PlatformAct => ({
  actor: actorOf(request),
  requestId: request.id,
  address: request.ip,
})

/** The act of an operator on the tenant with this key. @throws `registry.unknown-tenant` */
async function actOn(
  { registry }: OperatorDeps,
  request: FastifyRequest,
  key: string,
): Promise<Act> {
  const tenant = await registry.tenants.idOf(key)
  if (tenant === undefined) throw new PulseError('registry.unknown-tenant')
  return { ...byOf(request), tenant }
}

async function tenantNow({ figures }: OperatorDeps, request: FastifyRequest, key: string) {
  const found = await figures.tenant(byOf(request), key)
  if (!found) throw new PulseError('registry.unknown-tenant')
  return found
}

function tenantListRoutes(app: Shell, deps: OperatorDeps): void {
  app.get(
    '/v1/operator/tenants',
    {
      config,
      schema: {
        tags,
        summary: 'List tenants',
        description:
          'With size, rate and health. Figures are of the last minute; large counts are estimates. That an operator looked is in the log of the platform, once in ten minutes.',
        response: { 200: items(operatorTenant) },
      },
    },
    async (request) => ({ items: [...(await deps.figures.tenants(byOf(request)))] }),
  )
  app.get(
    '/v1/operator/tenants/:key',
    {
      config,
      schema: { tags, summary: 'Show a tenant', params, response: { 200: operatorTenant } },
    },
    (request) => tenantNow(deps, request, request.params.key),
  )
}

function tenantMakingRoutes(app: Shell, deps: OperatorDeps): void {
  const { tenants, life } = deps.registry
  app.post(
    '/v1/operator/tenants',
    {
      config: { ...config, secret: true },
      schema: {
        tags,
        summary: 'Create a tenant',
        description: 'Its first admin is invited; the token of the invitation is shown this once.',
        body: newTenant,
        response: { 201: madeTenant },
      },
    },
    async (request, reply) => {
      const { adminEmail, ...draft } = request.body
      const by = byOf(request)
      const { id, created } = await tenants.createTenant(draft, by.actor, by)
      if (!created) throw new PulseError('registry.tenant-exists')
      const invitation = await inviteAdmin(deps, { ...by, tenant: id }, adminEmail)
      return reply.code(201).send({ key: draft.key, invitation })
    },
  )
  app.post(
    '/v1/operator/tenants/:key/admins',
    {
      config: { ...config, secret: true },
      schema: {
        tags,
        summary: 'Invite an admin into a tenant',
        description: 'For one whose last admin is gone. The token is shown this once.',
        params,
        body: adminInvitation,
        response: { 201: newInvitation },
      },
    },
    async (request, reply) => {
      const act = await actOn(deps, request, request.params.key)
      return reply.code(201).send(await inviteAdmin(deps, act, request.body.adminEmail))
    },
  )
  app.patch(
    '/v1/operator/tenants/:key',
    {
      config,
      schema: {
        tags,
        summary: 'Rename a tenant, or change how long it keeps telemetry',
        params,
        body: tenantChange,
        response: { 200: operatorTenant },
      },
    },
    async (request) => {
      const { key } = request.params
      await life.change(await actOn(deps, request, key), request.body)
      return tenantNow(deps, request, key)
    },
  )
}

const inviteAdmin = ({ invite }: OperatorDeps, act: Act, email: string) =>
  invite(act, { email, role: 'admin', hours: FIRST_INVITATION_HOURS })

function suspensionRoutes(app: Shell, deps: OperatorDeps): void {
  const { life } = deps.registry
  const acts = [
    ['suspend', life.suspend, 'It is read and exported from then on; its devices are told why.'],
    ['resume', life.resume, 'Its devices may send again at once.'],
  ] as const
  for (const [verb, act, description] of acts) {
    app.post(
      `/v1/operator/tenants/:key/${verb}`,
      {
        config,
        schema: {
          tags,
          summary: verb === 'suspend' ? 'Suspend a tenant' : 'Resume a tenant',
          description,
          params,
          body: reasoned,
          response: { 200: operatorTenant },
        },
      },
      async (request) => {
        const { key } = request.params
        await act(await actOn(deps, request, key), request.body.reason)
        return tenantNow(deps, request, key)
      },
    )
  }
}

function removalRoutes(app: Shell, deps: OperatorDeps): void {
  const { life } = deps.registry
  const url = '/v1/operator/tenants/:key/removal'
  app.post(
    url,
    {
      config,
      schema: {
        tags,
        summary: 'Start the deletion of a tenant',
        description:
          'It is suspended at once and deleted whole when the waiting period has passed; until then it can be kept.',
        params,
        body: tenantRemoval,
        response: { 200: operatorTenant },
      },
    },
    async (request) => {
      const { key } = request.params
      await life.leave(await actOn(deps, request, key), request.body)
      return tenantNow(deps, request, key)
    },
  )
  app.delete(
    url,
    {
      config,
      schema: {
        tags,
        summary: 'Keep a tenant that was to be deleted',
        description: 'A suspension from before stays.',
        params,
        response: { 200: operatorTenant },
      },
    },
    async (request) => {
      const { key } = request.params
      await life.keep(await actOn(deps, request, key))
      return tenantNow(deps, request, key)
    },
  )
}

function enteringRoutes(app: Shell, deps: OperatorDeps): void {
  const { enterings } = deps.registry
  app.post(
    '/v1/operator/tenants/:key/enter',
    {
      config,
      schema: {
        tags,
        summary: 'Enter a tenant for a while',
        description:
          'The tenant sees who entered, why and until when. A stay that goes on ends with the new one.',
        params,
        body: enteringDraft,
        response: { 201: entering },
      },
    },
    async (request, reply) => {
      const act = await actOn(deps, request, request.params.key)
      return reply.code(201).send(await enterings.enter(act, request.body))
    },
  )
  app.get(
    '/v1/operator/enterings',
    {
      config,
      schema: {
        tags,
        summary: 'List the stays of operators in tenants, past ones too',
        response: { 200: items(entering) },
      },
    },
    async (request) => ({ items: [...(await deps.figures.enterings(byOf(request)))] }),
  )
  app.delete(
    '/v1/operator/enterings/:id',
    {
      config,
      schema: {
        tags,
        summary: 'Leave a tenant',
        description: 'Any operator may end any stay.',
        params: z.object({ id: enteringId }),
        response: { 204: nothing },
      },
    },
    async (request, reply) => {
      await enterings.leave(byOf(request), request.params.id)
      return reply.code(204).send(null)
    },
  )
}

function operatorListRoutes(app: Shell, { registry: { operators } }: OperatorDeps): void {
  const url = '/v1/operator/operators'
  app.get(
    url,
    {
      config,
      schema: { tags, summary: 'List operators', response: { 200: items(operatorFacts) } },
    },
    async (request) => ({ items: [...(await operators.list(byOf(request).actor.id))] }),
  )
  app.patch(
    url,
    {
      config,
      schema: {
        tags,
        summary: 'Make somebody an operator, or no longer one',
        description: 'Their stays in tenants end with it. The last operator stays one.',
        body: operatorGrant,
        response: { 204: nothing },
      },
    },
    async (request, reply) => {
      await operators.grant(byOf(request), request.body)
      return reply.code(204).send(null)
    },
  )
}

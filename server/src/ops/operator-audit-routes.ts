import {
  auditAnswer,
  auditQuery,
  auditVerificationAnswer,
  auditVerificationQuery,
  slug,
} from '@pulse/contract'
import { z } from 'zod'
import { type FastifyRequest, PulseError, type Shell } from '#platform'
import type { Audit } from './audit.ts'
import { exportShape, sendExport } from './audit-routes.ts'

const tags = ['Operator']
const config = { operator: true } as const
/** The log of the platform itself belongs to this one. */
const PLATFORM = { tenant: 0, key: 'platform' }

/** Routes of the log of the platform, and of that of a tenant in which an operator stays. */
export function operatorAuditRoutes(shell: Shell, audit: Audit): void {
  shell.get(
    '/v1/operator/audit',
    {
      config,
      schema: {
        summary: 'What operators and Pulse itself did, newest first',
        tags,
        querystring: auditQuery,
        response: { 200: auditAnswer },
      },
    },
    (request) => audit.list(PLATFORM.tenant, request.query),
  )
  shell.get(
    '/v1/operator/audit/verification',
    {
      config,
      schema: {
        summary: 'Is the log of the platform as it was written?',
        tags,
        querystring: auditVerificationQuery,
        response: { 200: auditVerificationAnswer },
      },
    },
    (request) => audit.verification(PLATFORM.tenant, request.query),
  )
  exportRoute(shell, audit)
  tenantRoute(shell, audit)
}

function exportRoute(shell: Shell, audit: Audit): void {
  shell.get(
    '/v1/operator/audit/export',
    {
      config,
      schema: {
        summary: 'The log of the platform with its seals',
        tags,
        ...exportShape,
      },
    },
    (request, reply) => sendExport(reply, audit, PLATFORM, request.query),
  )
}

function tenantRoute(shell: Shell, audit: Audit): void {
  shell.get(
    '/v1/operator/tenants/:key/audit',
    {
      config,
      schema: {
        summary: 'The log of a tenant in which you stay',
        description: 'Only while you have entered it, with whatever role.',
        tags,
        params: z.object({ key: slug }),
        querystring: auditQuery,
        response: { 200: auditAnswer },
      },
    },
    (request) => audit.list(enteredTenant(request, request.params.key), request.query),
  )
}

/** @throws `registry.unknown-tenant` for an operator who has not entered it */
function enteredTenant({ principal }: FastifyRequest, key: string): number {
  const stay = principal?.tenants.find((each) => each.key === key && each.entering !== undefined)
  if (!stay) throw new PulseError('registry.unknown-tenant')
  return stay.tenant
}

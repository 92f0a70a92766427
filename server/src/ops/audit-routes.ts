import { Readable } from 'node:stream'
import {
  auditAnswer,
  auditExportQuery,
  auditQuery,
  auditVerificationAnswer,
  auditVerificationQuery,
} from '@pulse/contract'
import type { FastifyReply } from 'fastify'
import { z } from 'zod'
import { type Shell, tenantOf } from '#platform'
import type { Audit } from './audit.ts'

const tags = ['Ops']
const config = { permission: 'audit.read' } as const

/** Routes of a tenant's audit log. */
export function auditRoutes(shell: Shell, audit: Audit): void {
  shell.get(
    '/v1/audit',
    {
      config,
      schema: {
        summary: 'Who did what, newest first',
        tags,
        querystring: auditQuery,
        response: { 200: auditAnswer },
      },
    },
    (request) => audit.list(tenantOf(request), request.query),
  )
  shell.get(
    '/v1/audit/verification',
    {
      config,
      schema: {
        summary: 'Is the audit log as it was written?',
        description:
          'Verifies the hash chain of the tenant and looks for rows beside it. A long chain is answered as `running`: ask again.',
        tags,
        querystring: auditVerificationQuery,
        response: { 200: auditVerificationAnswer },
      },
    },
    (request) => audit.verification(tenantOf(request), request.query),
  )
  exportRoute(shell, audit)
}

const types = { ndjson: 'application/x-ndjson', csv: 'text/csv' } as const

function exportRoute(shell: Shell, audit: Audit): void {
  shell.get(
    '/v1/audit/export',
    {
      config,
      schema: {
        summary: 'The audit log with its seals',
        description:
          'NDJSON: a header, one row a line in order of the chain, and a last line with their number. `pulse audit verify --file` proves it without Pulse.',
        tags,
        ...exportShape,
      },
    },
    (request, reply) => {
      const key = request.membership?.key ?? ''
      sendExport(reply, audit, { tenant: tenantOf(request), key }, request.query)
    },
  )
}

/** What is asked for an export, and what comes. */
export const exportShape = {
  querystring: auditExportQuery,
  response: {
    200: {
      description: 'All rows that fit.',
      content: {
        'application/x-ndjson': { schema: z.string() },
        'text/csv': { schema: z.string() },
      },
    },
  },
} as const

/** Sends the log of a tenant, or of the platform, in pieces. */
export function sendExport(
  reply: FastifyReply,
  audit: Audit,
  log: { readonly tenant: number; readonly key: string },
  query: z.output<typeof auditExportQuery>,
): void {
  const { format } = query
  reply
    .type(`${types[format]}; charset=utf-8`)
    .header('content-disposition', `attachment; filename="audit-${log.key}.${format}"`)
    .send(Readable.from(audit.export(log, query)))
}

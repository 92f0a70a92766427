import { tenantExport, tenantExportId } from '@pulse/contract'
import { z } from 'zod'
import { type Shell, tenantOf } from '#platform'
import { actOf } from '#registry'
import type { Exports } from './tenant-export.ts'

const tags = ['Tenant']
const config = { permission: 'tenant.export' } as const

/** Routes of the export of a tenant, whole. */
export function exportRoutes(app: Shell, exports: Exports): void {
  app.post(
    '/v1/tenant/exports',
    {
      config,
      schema: {
        tags,
        summary: 'Export the tenant whole',
        description:
          'It is made in the background, from one moment, and kept for 24 hours. Secrets are not in it. What the archive holds is described in docs/ops.md.',
        response: { 202: tenantExport },
      },
    },
    async (request, reply) => reply.code(202).send(await exports.begin(actOf(request))),
  )
  app.get(
    '/v1/tenant/exports',
    {
      config,
      schema: {
        tags,
        summary: 'List exports and how far they are',
        response: { 200: z.object({ items: z.array(tenantExport) }) },
      },
    },
    async (request) => ({ items: [...(await exports.list(tenantOf(request)))] }),
  )
  app.get(
    '/v1/tenant/exports/:id/archive',
    {
      config,
      schema: {
        tags,
        summary: 'Fetch the archive of an export',
        params: z.object({ id: tenantExportId }),
        response: {
          200: {
            description: 'A zip file.',
            content: { 'application/zip': { schema: z.string().meta({ format: 'binary' }) } },
          },
        },
      },
    },
    async (request, reply) => {
      const { archive, facts } = await exports.open(actOf(request), request.params.id)
      const name = `${request.membership?.key ?? 'tenant'}-${facts.createdAt.slice(0, 10)}.zip`
      return (
        reply
          .type('application/zip')
          .header('content-disposition', `attachment; filename="${name}"`)
          .header('content-length', facts.bytes ?? 0)
          // The schema says what the bytes are; they are sent in pieces.
          .send(archive as unknown as string)
      )
    },
  )
}

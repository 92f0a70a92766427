import {
  deviceKey,
  deviceToken,
  deviceType,
  newDevice,
  newToken,
  site,
  tokenId,
} from '@pulse/contract'
import { z } from 'zod'
import { type Shell, tenantOf } from '#platform'
import { actOf } from './act.ts'
import type { Registry } from './registry.ts'

const nothing = z.null().describe('Done.')
const items = <T extends z.ZodType>(item: T) => z.object({ items: z.array(item) })

/** Routes of sites, types and devices. */
export function deviceRoutes(app: Shell, { devices }: Registry): void {
  const tags = ['Registry']
  const config = { permission: 'device.read' } as const
  app.get(
    '/v1/sites',
    { config, schema: { tags, summary: 'List sites', response: { 200: items(site) } } },
    async (request) => ({ items: [...(await devices.sites(tenantOf(request)))] }),
  )
  app.get(
    '/v1/types',
    {
      config,
      schema: { tags, summary: 'List device types', response: { 200: items(deviceType) } },
    },
    async (request) => ({ items: [...(await devices.types(tenantOf(request)))] }),
  )
  app.post(
    '/v1/devices',
    {
      config: { permission: 'device.write' },
      schema: {
        tags,
        summary: 'Register a device',
        body: newDevice,
        response: { 201: z.object({ key: deviceKey }) },
      },
    },
    async (request, reply) => {
      await devices.registerDevice(actOf(request), request.body)
      return reply.code(201).send({ key: request.body.key })
    },
  )
}

/** Routes of the tokens of devices. */
export function tokenRoutes(app: Shell, { devices }: Registry): void {
  const tags = ['Registry']
  const url = '/v1/devices/:key/tokens'
  const params = z.object({ key: deviceKey })
  app.get(
    url,
    {
      config: { permission: 'device.read' },
      schema: {
        tags,
        summary: 'List the tokens of a device',
        params,
        response: { 200: items(deviceToken) },
      },
    },
    async (request) => ({
      items: [...(await devices.tokens(tenantOf(request), request.params.key))],
    }),
  )
  app.post(
    url,
    {
      config: { permission: 'credential.write', secret: true },
      schema: {
        tags,
        summary: 'Create a token',
        description: 'The token is shown this once; only a hash of its secret is kept.',
        params,
        response: { 201: newToken },
      },
    },
    async (request, reply) => {
      const { id, token } = await devices.createToken(actOf(request), request.params.key)
      return reply.code(201).send({ id, token })
    },
  )
  revokeRoute(app, devices)
}

function revokeRoute(app: Shell, devices: Registry['devices']): void {
  app.delete(
    '/v1/devices/:key/tokens/:id',
    {
      config: { permission: 'credential.write' },
      schema: {
        tags: ['Registry'],
        summary: 'Revoke a token',
        description: 'It ends at once, and so do the sessions that were opened with it.',
        params: z.object({ key: deviceKey, id: tokenId }),
        response: { 204: nothing },
      },
    },
    async (request, reply) => {
      await devices.revokeToken(actOf(request), request.params.key, request.params.id)
      return reply.code(204).send(null)
    },
  )
}

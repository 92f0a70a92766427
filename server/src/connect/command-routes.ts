import { command, deviceKey, newCommand } from '@pulse/contract'
import { z } from 'zod'
import { actorOf, type Shell } from '#platform'
import type { Commands } from './commands.ts'

const params = z.object({ key: deviceKey })

/** Sends commands to devices, and lists them. */
export function commandRoutes({ commands }: { readonly commands: Commands }) {
  return async (app: Shell): Promise<void> => {
    app.post(
      '/v1/devices/:key/commands',
      {
        config: { permission: 'command.send' },
        schema: {
          summary: 'Send a command to a device; it waits for a device that is away',
          tags: ['Connect'],
          params,
          body: newCommand,
          response: { 202: command },
        },
      },
      async (request, reply) => {
        const sent = await commands.send(
          {
            tenantKey: request.membership?.key ?? '',
            deviceKey: request.params.key,
            actor: actorOf(request),
            requestId: request.id,
            address: request.ip,
          },
          request.body,
        )
        return reply.code(202).send(sent)
      },
    )

    app.get(
      '/v1/devices/:key/commands',
      {
        config: { permission: 'device.read' },
        schema: {
          summary: 'The newest commands of a device',
          tags: ['Connect'],
          params,
          response: { 200: z.object({ items: z.array(command) }) },
        },
      },
      async (request) => ({
        items: await commands.list(request.membership?.key ?? '', request.params.key),
      }),
    )
  }
}

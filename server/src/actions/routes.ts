import {
  deliveriesAnswer,
  deliveriesQuery,
  deliveryDetail,
  deliveryId,
  deliverySummary,
  destination,
  newDestination,
  slug,
} from '@pulse/contract'
import { z } from 'zod'
import { type Shell, tenantOf } from '#platform'
import { actOf } from '#registry'
import type { Actions } from './actions.ts'
import { refuse } from './errors.ts'

const tags = ['Actions']
const byKey = z.object({ key: slug })
const byId = z.object({ id: deliveryId })
/** The key stands in the address; a body that repeats it must agree. */
const destinationBody = newDestination.partial({ key: true })
const putAnswer = destination.extend({
  secret: z
    .string()
    .optional()
    .describe('Signs what is sent (Standard Webhooks). Shown this once.'),
})

/** Routes of destinations and deliveries. */
export function actionsRoutes(shell: Shell, actions: Actions): void {
  destinationRoutes(shell, actions)
  deliveryRoutes(shell, actions)
}

function destinationRoutes(shell: Shell, actions: Actions): void {
  shell.get(
    '/v1/destinations',
    {
      config: { permission: 'delivery.read' },
      schema: {
        summary: 'Where alerts are told',
        tags,
        response: { 200: z.object({ items: z.array(destination) }) },
      },
    },
    async (request) => ({ items: [...(await actions.destinations(tenantOf(request)))] }),
  )
  shell.get(
    '/v1/destinations/:key',
    {
      config: { permission: 'delivery.read' },
      schema: { summary: 'One destination', tags, params: byKey, response: { 200: destination } },
    },
    (request) => actions.destination(tenantOf(request), request.params.key),
  )
  shell.put(
    '/v1/destinations/:key',
    {
      config: { permission: 'destination.write', secret: true },
      schema: {
        summary: 'Make or change a destination',
        tags,
        params: byKey,
        body: destinationBody,
        response: { 200: putAnswer },
      },
    },
    async (request) => {
      const { key } = request.params
      const { name, url, key: named = key } = request.body
      if (named !== key) {
        throw refuse.badDestination({ detail: `key: the body says ${named}, the address ${key}.` })
      }
      const put = await actions.putDestination(actOf(request), { key, name, url })
      return { ...put.destination, ...(put.secret === undefined ? {} : { secret: put.secret }) }
    },
  )
}

function deliveryRoutes(shell: Shell, actions: Actions): void {
  shell.get(
    '/v1/deliveries',
    {
      config: { permission: 'delivery.read' },
      schema: {
        summary: 'Deliveries, newest first',
        tags,
        querystring: deliveriesQuery,
        response: { 200: deliveriesAnswer },
      },
    },
    (request) => actions.deliveries(tenantOf(request), request.query),
  )
  shell.get(
    '/v1/deliveries/:id',
    {
      config: { permission: 'delivery.read' },
      schema: {
        summary: 'A delivery with its attempts',
        tags,
        params: byId,
        response: { 200: deliveryDetail },
      },
    },
    (request) => actions.delivery(tenantOf(request), request.params.id),
  )
  shell.post(
    '/v1/deliveries/:id/replay',
    {
      config: { permission: 'delivery.replay' },
      schema: {
        summary: 'Send a dead letter again',
        tags,
        params: byId,
        response: { 200: deliverySummary },
      },
    },
    (request) => actions.replay(actOf(request), request.params.id),
  )
}

import {
  deviceDetail,
  deviceKey,
  devicesAnswer,
  devicesQuery,
  facets,
  overview,
  overviewQuery,
  sparksAnswer,
  sparksQuery,
  timeline,
  timelineQuery,
} from '@pulse/contract'
import { z } from 'zod'
import { PulseError, type Shell, tenantOf } from '#platform'
import type { Fleet } from './fleet.ts'

const byKey = z.object({ key: deviceKey })
const tags = ['Fleet']
const config = { permission: 'device.read' } as const
const MAX_SPARKS = 100
const MAX_RANGE_MS = 400 * 86_400_000

/** Routes of the fleet list, the device page and the overview. */
export function fleetRoutes(shell: Shell, fleet: Fleet): void {
  listRoutes(shell, fleet)
  deviceRoutes(shell, fleet)
  shell.get(
    '/v1/overview',
    {
      config,
      schema: {
        tags,
        summary: 'The fleet at a glance',
        querystring: overviewQuery,
        response: { 200: overview },
      },
    },
    (request) => fleet.overview(tenantOf(request), request.query.hours),
  )
}

function listRoutes(shell: Shell, fleet: Fleet): void {
  shell.get(
    '/v1/devices',
    {
      config,
      schema: {
        tags,
        summary: 'Find devices by a fleet query',
        querystring: devicesQuery,
        response: { 200: devicesAnswer },
      },
    },
    (request) => fleet.devices(tenantOf(request), request.query),
  )
  shell.get(
    '/v1/devices/facets',
    {
      config,
      schema: {
        tags,
        summary: 'Count what matches, per value of a field',
        querystring: devicesQuery.pick({ q: true }),
        response: { 200: facets },
      },
    },
    (request) => fleet.facets(tenantOf(request), request.query.q),
  )
  shell.get(
    '/v1/sparks',
    {
      config: { permission: 'telemetry.read' },
      schema: {
        tags,
        summary: 'Small curves for a list: the reading of each device over the last hour',
        querystring: sparksQuery,
        response: { 200: sparksAnswer },
      },
    },
    async (request) => ({
      items: [...(await fleet.sparks(tenantOf(request), keysOf(request.query.devices)))],
    }),
  )
}

function deviceRoutes(shell: Shell, fleet: Fleet): void {
  shell.get(
    '/v1/devices/:key',
    {
      config,
      schema: {
        tags,
        summary: 'A device at a glance',
        params: byKey,
        response: { 200: deviceDetail },
      },
    },
    (request) => fleet.device(tenantOf(request), request.params.key),
  )
  shell.get(
    '/v1/devices/:key/timeline',
    {
      config,
      schema: {
        tags,
        summary: 'What happened to a device, in lanes',
        params: byKey,
        querystring: timelineQuery,
        response: { 200: timeline },
      },
    },
    (request) => fleet.timeline(tenantOf(request), request.params.key, rangeOf(request.query)),
  )
}

function keysOf(text: string): string[] {
  const keys = text.split(',').filter(Boolean)
  if (keys.length > MAX_SPARKS) {
    throw new PulseError('platform.invalid', {
      detail: `At most ${MAX_SPARKS} devices, not ${keys.length}.`,
    })
  }
  return keys
}

function rangeOf({ from, to }: { readonly from: string; readonly to: string }) {
  const [fromMs, toMs] = [Date.parse(from), Date.parse(to)]
  if (!(fromMs < toMs) || toMs - fromMs > MAX_RANGE_MS) throw new PulseError('stream.bad-range')
  return { fromMs, toMs }
}

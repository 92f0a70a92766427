import type { ServerResponse } from 'node:http'
import {
  type Alert,
  type DeliverySummary,
  type DevicePatch,
  type LiveEvent,
  liveEvent,
  liveQuery,
  type MessageKind,
  type Permission,
  type Rejection,
} from '@pulse/contract'
import type { Batch, MessageItem } from '#connect'
import { type Clock, every, type Principal, PulseError, type Shell, tenantOf } from '#platform'

/** A reader that is this far behind loses events, and is told how many. */
const MAX_BEHIND_BYTES = 1024 * 1024
const PATCH_EVERY_MS = 250
const RATE_EVERY_MS = 1000
/** How soon a stream ends for somebody who may not read it any more. */
const LOOK_EVERY_MS = 3000
const PERMISSION: Permission = 'telemetry.read'
/** Messages a tail gets per second at most; what is above is a marked gap. */
const TAIL_PER_SECOND = 200

export interface LiveDeps {
  readonly clock: Clock
  /** What changed in the rows of these devices, from memory. */
  readonly patches: (deviceIds: readonly number[]) => readonly DevicePatch[]
  /** Whether somebody may still do this in a tenant: signed in, a member, not deactivated. */
  readonly stillMay: (
    principal: Principal,
    tenantKey: string,
    permission: Permission,
  ) => Promise<boolean>
}

/** Feeds open portals: one event stream per tab. Everything is after the commit and in memory. */
export interface Live {
  readonly routes: (app: Shell) => Promise<void>
  committed(batch: Batch): void
  alert(tenant: number, alert: Alert): void
  delivery(tenant: number, delivery: DeliverySummary): void
  rejection(tenant: number, rejection: Rejection): void
  /** Stored and refused messages per second over the last second. */
  rate(tenant: number): { perSecond: number; refusedPerSecond: number }
  /** Stored and refused messages since the start. */
  traffic(tenant: number): { messages: number; refused: number }
  close(): Promise<void>
}

interface Client {
  readonly tenant: number
  readonly tenantKey: string
  readonly principal: Principal
  readonly device: string | undefined
  readonly response: ServerResponse
  dropped: number
  tailed: number
}

interface Tally {
  messages: number
  refused: number
  /** What the totals were when the rates were last taken. */
  before: { messages: number; refused: number }
  perSecond: number
  refusedPerSecond: number
}

export function createLive(deps: LiveDeps): Live {
  const clients = new Set<Client>()
  const changed = new Map<number, Set<number>>()
  const tallies = new Map<number, Tally>()

  const tallyOf = (tenant: number): Tally => {
    const known = tallies.get(tenant)
    if (known) return known
    const before = { messages: 0, refused: 0 }
    const made = { messages: 0, refused: 0, before, perSecond: 0, refusedPerSecond: 0 }
    tallies.set(tenant, made)
    return made
  }
  const broadcast = (
    tenant: number,
    event: LiveEvent,
    to: (client: Client) => boolean = () => true,
  ) => {
    let frame: string | undefined
    for (const client of clients) {
      if (client.tenant !== tenant || !to(client)) continue
      frame ??= frameOf(event)
      send(client, frame)
    }
  }
  const patch = async (): Promise<void> => {
    for (const [tenant, ids] of changed) {
      changed.delete(tenant)
      broadcast(tenant, { type: 'devices', data: [...deps.patches([...ids])] })
    }
  }
  const tick = async (): Promise<void> => {
    for (const [tenant, tally] of tallies) {
      tally.perSecond = tally.messages - tally.before.messages
      tally.refusedPerSecond = tally.refused - tally.before.refused
      tally.before = { messages: tally.messages, refused: tally.refused }
      const { perSecond, refusedPerSecond } = tally
      broadcast(tenant, { type: 'rate', data: { perSecond, refusedPerSecond } })
    }
    for (const client of clients) client.tailed = 0
  }
  const look = async (): Promise<void> => {
    for (const client of [...clients]) {
      const { principal, tenantKey, response } = client
      const may = await deps.stillMay(principal, tenantKey, PERMISSION).catch(isAway)
      if (!may) response.end()
    }
  }
  const loops = [
    every(deps.clock, LOOK_EVERY_MS, look, rethrow),
    every(deps.clock, PATCH_EVERY_MS, patch, rethrow),
    every(deps.clock, RATE_EVERY_MS, tick, rethrow),
  ]

  const tail = (item: MessageItem) => {
    for (const client of clients) {
      if (client.device !== item.device.key || client.tenant !== item.device.tenant.id) continue
      for (const event of messageEvents(item)) {
        if (client.tailed++ < TAIL_PER_SECOND) send(client, frameOf(event))
        else client.dropped++
      }
    }
  }

  return {
    routes: liveRoutes(clients, deps.clock),
    committed(batch) {
      const watched = new Set([...clients].map((client) => client.tenant))
      for (const item of batch.items) {
        const tenant = item.device.tenant.id
        if (item.kind === 'message') tallyOf(tenant).messages++
        if (!watched.has(tenant)) continue
        const ids = changed.get(tenant)
        if (ids) ids.add(item.device.id)
        else changed.set(tenant, new Set([item.device.id]))
        if (item.kind === 'message') tail(item)
      }
    },
    alert: (tenant, alert) => broadcast(tenant, { type: 'alert', data: alert }),
    delivery: (tenant, delivery) => broadcast(tenant, { type: 'delivery', data: delivery }),
    rejection(tenant, rejection) {
      tallyOf(tenant).refused++
      broadcast(tenant, { type: 'rejection', data: rejection })
    },
    rate: tallyOf,
    traffic: tallyOf,
    async close() {
      await Promise.all(loops.map((loop) => loop.stop()))
      for (const client of clients) client.response.end()
    },
  }
}

/** A database that is away ends no stream: who may read is asked again in a moment. Any other fault does. */
const isAway = (error: unknown): boolean =>
  error instanceof PulseError && error.kind === 'unavailable'

function rethrow(error: unknown): never {
  throw error
}

function liveRoutes(clients: Set<Client>, clock: Clock) {
  return async (app: Shell): Promise<void> => {
    app.get(
      '/v1/live',
      {
        config: { permission: PERMISSION },
        schema: {
          summary:
            'Server-sent events of what happens now; read with fetch, since it carries a bearer',
          tags: ['Ops'],
          querystring: liveQuery,
          response: {
            200: {
              description: 'A stream that does not end; each event has its type and its data.',
              content: { 'text/event-stream': { schema: liveEvent } },
            },
          },
        },
      },
      (request, reply) => {
        const { principal, membership } = request
        if (!principal || !membership) throw new Error('a stream is for somebody in a tenant')
        reply.hijack()
        const { raw: response } = reply
        response.writeHead(200, {
          'content-type': 'text/event-stream; charset=utf-8',
          'cache-control': 'no-store',
          'x-accel-buffering': 'no',
          'request-id': request.id,
        })
        const client: Client = {
          tenant: tenantOf(request),
          tenantKey: membership.key,
          principal,
          device: request.query.device,
          response,
          dropped: 0,
          tailed: 0,
        }
        clients.add(client)
        response.once('close', () => clients.delete(client))
        send(client, frameOf({ type: 'hello', data: { at: new Date(clock.now()).toISOString() } }))
      },
    )
  }
}

const frameOf = (event: LiveEvent): string =>
  `event: ${event.type}\ndata: ${JSON.stringify(event.data)}\n\n`

function send(client: Client, frame: string): void {
  if (client.response.writableLength > MAX_BEHIND_BYTES) {
    client.dropped++
    return
  }
  if (client.dropped > 0) {
    client.response.write(frameOf({ type: 'gap', data: { dropped: client.dropped } }))
    client.dropped = 0
  }
  client.response.write(frame)
}

function* messageEvents(item: MessageItem): Iterable<LiveEvent> {
  for (const point of item.points) {
    yield {
      type: 'message',
      data: {
        device: item.device.key as Extract<LiveEvent, { type: 'message' }>['data']['device'],
        id: item.id,
        kind: item.type satisfies MessageKind,
        ts: new Date(point.ts).toISOString(),
        receivedAt: new Date(item.receivedAt / 1000).toISOString(),
        data: (point.metrics ?? item.data ?? {}) as Record<string, never>,
      },
    }
  }
}

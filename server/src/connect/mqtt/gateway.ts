import { createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { type RefusalCode, refusalKinds, refusalOf } from '@pulse/contract'
import { type Clock, type Database, every, type Log } from '#platform'
import type { Directory } from '#registry'
import type { Downlink } from '../downlink.ts'
import type { Ingress } from '../ingress.ts'
import { Claims } from './claims.ts'
import { Connection } from './connection.ts'
import {
  type AnswerCommand,
  type Core,
  connectionsOf,
  count,
  type GatewayCounters,
} from './core.ts'
import { dispatch, resumeCongested } from './dispatch.ts'
import { onEnded } from './endings.ts'
import { createErrorsChannel } from './errors-channel.ts'
import { defaultLimits, type GatewayLimits } from './limits.ts'
import { resumeOutbound } from './outbound.ts'
import { createOutboundStore } from './outbound-store.ts'
import { createSerial } from './serial.ts'
import { createSessionStore } from './session-store.ts'
import { sweepConnections } from './sweep.ts'
import type { Wire } from './wire.ts'

export interface GatewayDeps {
  readonly ingress: Ingress
  readonly directory: Directory
  /** A pool of `pulse_pipeline`. */
  readonly db: Database
  readonly downlink: Downlink
  readonly answerCommand: AnswerCommand
  readonly clock: Clock
  readonly log: Log
  readonly limits?: Partial<GatewayLimits> | undefined
}

export interface ListenOptions {
  readonly host: string
  /** 0 picks a free one. */
  readonly port: number
  /** PEM texts; with them the listener speaks TLS. */
  readonly tls?: { readonly cert: string | Buffer; readonly key: string | Buffer } | undefined
}

/** The MQTT gateway: connections and sessions of devices. */
export interface Gateway {
  /** Call once before `listen`: sessions that a crash left open begin to expire. */
  start(): Promise<void>
  /** Listens and resolves to the port. */
  listen(options: ListenOptions): Promise<number>
  /** Takes a stream that carries MQTT, such as a WebSocket. */
  attach(wire: Wire & NodeJS.EventEmitter): void
  /** Ends every live connection of a device at once. */
  kick(deviceId: number, code: RefusalCode): void
  /** Ends every live connection of a tenant at once. */
  kickTenant(tenantId: number, code: RefusalCode): void
  /** Ends all connections without publishing wills, and writes what is to be written. */
  close(): Promise<void>
  stats(): GatewayStats
}

export interface GatewayStats extends Omit<GatewayCounters, 'refused'> {
  readonly sockets: number
  readonly sessions: number
  readonly refused: Readonly<Record<string, number>>
}

const TICK_MS = 1000
const EXPIRY_MS = 30_000

/** Makes the gateway. Nothing listens until `listen` is called. */
export function createGateway(deps: GatewayDeps): Gateway {
  const connections = new Set<Connection>()
  const servers: Server[] = []
  const perAddress = new Map<string, number>()
  const serial = createSerial()
  const core = makeCore(deps, serial.run, connections, perAddress)
  deps.ingress.onDrain(() => resumeCongested(core))
  deps.downlink.onWake((device) => {
    for (const connection of connectionsOf(core, device.id)) resumeOutbound(core, connection)
  })
  const sweeping = startSweeping(core, connections)

  function attach(wire: Wire & NodeJS.EventEmitter): void {
    const address = wire.remoteAddress ?? ''
    const count = perAddress.get(address) ?? 0
    if (!core.running || count >= core.limits.unauthenticatedPerAddress) return void wire.destroy()
    perAddress.set(address, count + 1)
    const connection = new Connection(core, wire)
    connections.add(connection)
    wire.on('data', (chunk: Buffer) => connection.receive(chunk))
    wire.on('drain', () => connection.drain())
    wire.on('error', () => {})
    wire.on('close', () => connection.finish({ reason: 'lost', abrupt: true }))
  }

  return {
    start: () => core.store.recover(),
    listen: (options) => listen(options, servers, attach),
    attach,
    kick(deviceId, code) {
      core.kicked.set(deviceId, core.clock.now())
      for (const connection of connectionsOf(core, deviceId)) {
        count(core, code)
        connection.refuse(code, 'revoked')
      }
    },
    kickTenant(tenantId, code) {
      for (const connection of connections) {
        if (connection.device?.tenant.id !== tenantId) continue
        count(core, code)
        connection.refuse(code, 'suspended')
      }
    },
    async close() {
      core.running = false
      await sweeping.stop()
      for (const server of servers) server.close()
      endAll(core, connections)
      await serial.idle()
      await core.store.recover().catch((error) => {
        core.log.warn({ err: error }, 'the end of sessions is written at the next start')
      })
      await Promise.all([core.store.idle(), core.outbounds.idle()])
    },
    stats: () => ({
      ...core.counters,
      sockets: connections.size,
      sessions: core.sessions.size,
      refused: Object.fromEntries(core.counters.refused),
    }),
  }
}

/** Ends all connections; their wills are not published. */
function endAll(core: Core, connections: ReadonlySet<Connection>): void {
  for (const cancel of core.wills.values()) cancel(false)
  for (const connection of connections) {
    connection.end({
      reason: 'shutdown',
      code: 0x8b,
      detail: 'Pulse shuts down',
      willing: false,
    })
    connection.wire.destroy()
  }
}

/** Starts the looks at connections, each second, and at the tables, each half minute. */
function startSweeping(
  core: Core,
  connections: ReadonlySet<Connection>,
): { stop(): Promise<unknown> } {
  const onError = (error: unknown): void => core.log.warn({ err: error }, 'sessions were not swept')
  const look = async (): Promise<void> => sweepConnections(core, connections)
  const expire = async (): Promise<void> => {
    forgetKicks(core)
    await core.store.sweep()
    await core.outbounds.sweep()
    // Whatever could not be read or written before is tried again.
    for (const connection of connections) connection.outbound?.pump()
  }
  const sweeps = [
    every(core.clock, TICK_MS, look, onError),
    every(core.clock, EXPIRY_MS, expire, onError),
  ]
  return { stop: () => Promise.all(sweeps.map((sweep) => sweep.stop())) }
}

type MutableCore = Core & { running: boolean }

function makeCore(
  deps: GatewayDeps,
  serially: Core['serially'],
  connections: Set<Connection>,
  perAddress: Map<string, number>,
): MutableCore {
  const flush = createFlush()
  const core: MutableCore = {
    ...deps,
    limits: { ...defaultLimits, ...deps.limits },
    store: createSessionStore(deps.db, deps.clock),
    outbounds: createOutboundStore(deps.db, deps.clock),
    sessions: new Map(),
    devices: new Map(),
    claims: new Claims(),
    congested: [],
    wills: new Map(),
    kicked: new Map(),
    counters: {
      accepted: 0,
      connected: 0,
      messages: 0,
      bytes: 0,
      delivered: 0,
      errorsDropped: 0,
      refused: new Map(),
    },
    running: true,
    serially,
    tell: () => {},
    dispatch: (connection, frame) => dispatch(core, connection, frame),
    flushSoon: flush,
    signedIn: (connection) => free(perAddress, connection),
    oversized: (connection, limit) => oversized(core, connection, limit),
    drained: (connection) => connection.outbound?.pump(),
    ended(connection, ending) {
      connections.delete(connection)
      if (!connection.session) free(perAddress, connection)
      onEnded(core, connection, ending)
    },
  }
  core.tell = createErrorsChannel(core)
  return core
}

/** A sign-in takes less than this, or fails. */
const KICK_MS = 60_000

function forgetKicks(core: Core): void {
  const before = core.clock.now() - KICK_MS
  for (const [device, at] of core.kicked) if (at < before) core.kicked.delete(device)
}

/** Counts a connection out of those of its address that have not signed in. */
function free(perAddress: Map<string, number>, { address = '' }: Connection): void {
  const left = (perAddress.get(address) ?? 1) - 1
  if (left > 0) perAddress.set(address, left)
  else perAddress.delete(address)
}

/** One write for each socket and commit: what settles within one turn is flushed at its end. */
function createFlush(): (connection: Connection) => void {
  let dirty: Connection[] = []
  const flush = (): void => {
    const due = dirty
    dirty = []
    for (const connection of due) connection.flush()
  }
  return (connection) => {
    connection.dirty = true
    if (dirty.push(connection) === 1) queueMicrotask(flush)
  }
}

function oversized(core: Core, connection: Connection, limit: number): void {
  const { device } = connection
  const detail = `a packet may have ${limit} bytes`
  if (device) {
    count(core, 'connect.too-large')
    core.ingress.reject({
      tenant: device.tenant.id,
      device,
      code: 'connect.too-large',
      detail,
      origin: { source: 'mqtt', topic: undefined, address: connection.address },
      payload: undefined,
      messageId: undefined,
    })
  }
  const { disconnect } = refusalKinds[refusalOf('connect.too-large').kind].mqtt as {
    disconnect: number
  }
  connection.end({ reason: 'too-large', code: disconnect, detail: `connect.too-large: ${detail}` })
}

function listen(
  { host, port, tls }: ListenOptions,
  servers: Server[],
  attach: (socket: Socket) => void,
): Promise<number> {
  const accept = (socket: Socket): void => {
    socket.setNoDelay(true)
    attach(socket)
  }
  const server = tls
    ? createTlsServer({ ...tls, handshakeTimeout: 10_000, minVersion: 'TLSv1.2' }, accept)
    : createServer(accept)
  servers.push(server)
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host, port, backlog: 4096 }, () => {
      server.off('error', reject)
      server.on('error', () => {})
      server.on('tlsClientError', () => {})
      resolve((server.address() as { port: number }).port)
    })
  })
}

import { connect as connectSocket, type Socket } from 'node:net'
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt'
import { type Clock, type Database, silentLog, systemClock } from '#platform'
import type { Device, DeviceLogin, Directory } from '#registry'
import { createDownlink } from '../downlink.ts'
import type { Ingress, Origin, PublishOutcome, RejectFacts } from '../ingress.ts'
import type { PresenceItem } from '../items.ts'
import type { AnswerCommand } from './core.ts'
import { createGateway, type Gateway } from './gateway.ts'
import type { GatewayLimits } from './limits.ts'

/** What the gateway handed to the ingress; a test settles it when it likes. */
export interface Published {
  readonly device: Device
  readonly channel: string | undefined
  readonly text: string
  readonly origin: Origin
  settle(outcome?: PublishOutcome): void
}

/** An ingress that does what the test says. */
export interface TestIngress extends Ingress {
  congested: boolean
  /** True: everything is stored at once. */
  automatic: boolean
  readonly published: Published[]
  readonly rejections: RejectFacts[]
  readonly presences: { connected: boolean; session: PresenceItem['session'] }[]
  drain(): void
}

export function testIngress(): TestIngress {
  const listeners: (() => void)[] = []
  const ingress: TestIngress = {
    congested: false,
    automatic: true,
    published: [],
    rejections: [],
    recorded: () => Promise.resolve(),
    presences: [],
    publish(device, channel, payload, origin, settled) {
      const text = Buffer.from(payload).toString()
      ingress.published.push({
        device,
        channel,
        text,
        origin,
        settle: (outcome = { kind: 'stored' }) => settled(outcome),
      })
      if (ingress.automatic) settled({ kind: 'stored' })
    },
    presence: (_, connected, session) => void ingress.presences.push({ connected, session }),
    reject: (facts) => void ingress.rejections.push(facts),
    onDrain: (listener) => void listeners.push(listener),
    drain() {
      ingress.congested = false
      for (const listener of listeners) listener()
    },
  }
  return ingress
}

const acme = {
  id: 1,
  key: 'acme',
  name: 'Acme',
  region: 'us-west-2',
  retentionMs: 30 * 86_400_000,
  suspended: false,
}

/** A device of a number: `acme/d1` has the token `secret`. */
export function testDevice(id: number, key = `d${id}`): Device {
  return {
    id,
    tenant: acme,
    key,
    name: key,
    type: 'sensor',
    site: null,
    tags: {},
    staleAfterMs: 60_000,
    offlineAfterMs: 120_000,
    readingMetric: null,
  }
}

/** A directory in which any `acme/d{n}` exists. */
export function testDirectory(): Directory {
  const made = new Map<string, Device>()
  const find = (tenant: string, key: string): Device | undefined => {
    const id = Number(/^d(\d+)$/.exec(key)?.[1])
    if (tenant !== 'acme' || !(id > 0)) return undefined
    const device = made.get(key) ?? testDevice(id, key)
    made.set(key, device)
    return device
  }
  const login = async (username: string, token: string): Promise<DeviceLogin> => {
    const [tenant = '', key = ''] = username.split('/')
    const device = find(tenant, key)
    if (token === 'revoked') return { ok: false, why: 'revoked' }
    if (token === 'suspended') return { ok: false, why: 'suspended' }
    if (!device || token !== 'secret') return { ok: false, why: 'unknown' }
    return { ok: true, device, credential: 'c1' }
  }
  return {
    tenant: async (key) => (key === 'acme' ? acme : undefined),
    device: async (tenant, key) => find(tenant, key),
    deviceIn: async (_, key) => find('acme', key),
    devices: async () => new Map(),
    login,
    loginByToken: async () => ({ ok: false, why: 'unknown' }),
    forget: () => {},
  }
}

export interface TestGateway {
  readonly gateway: Gateway
  readonly ingress: TestIngress
  readonly downlink: ReturnType<typeof createDownlink>
  readonly port: number
  /** A client of MQTT.js; it does not reconnect by itself. */
  client(options?: Partial<IClientOptions>): MqttClient
  /** Waits for the CONNACK of a new client. */
  connected(options?: Partial<IClientOptions>): Promise<MqttClient>
  raw(): RawClient
  close(): Promise<void>
}

export interface TestGatewayOptions {
  readonly pipeline: Database
  readonly app: Database
  readonly clock?: Clock
  readonly limits?: Partial<GatewayLimits>
  readonly answerCommand?: AnswerCommand
}

/** A gateway on a free port over a real database, with an ingress that the test commands. */
export async function startTestGateway(options: TestGatewayOptions): Promise<TestGateway> {
  const ingress = testIngress()
  const downlink = createDownlink({ app: options.app })
  const gateway = createGateway({
    ingress,
    directory: testDirectory(),
    db: options.pipeline,
    downlink,
    answerCommand: options.answerCommand ?? (async () => ({ kind: 'stored' })),
    clock: options.clock ?? systemClock,
    log: silentLog,
    limits: options.limits,
  })
  await gateway.start()
  const port = await gateway.listen({ host: '127.0.0.1', port: 0 })
  const clients: MqttClient[] = []
  const sockets: RawClient[] = []
  const client = (more: Partial<IClientOptions> = {}): MqttClient => {
    const made = mqtt.connect({
      host: '127.0.0.1',
      port,
      protocolVersion: 5,
      username: 'acme/d1',
      password: 'secret',
      reconnectPeriod: 0,
      ...more,
    })
    made.on('error', () => {})
    clients.push(made)
    return made
  }
  return {
    gateway,
    ingress,
    downlink,
    port,
    client,
    async connected(more) {
      const made = client(more)
      await new Promise<void>((resolve, reject) => {
        made.once('connect', () => resolve())
        made.once('error', reject)
        made.once('close', () => reject(new Error('closed before CONNACK')))
      })
      return made
    },
    raw() {
      const made = rawClient(port)
      sockets.push(made)
      return made
    },
    async close() {
      for (const made of clients) made.end(true)
      for (const socket of sockets) socket.socket.destroy()
      await gateway.close()
    },
  }
}

/** A socket that speaks bytes. */
export interface RawClient {
  readonly socket: Socket
  send(...bytes: (number | string | Uint8Array)[]): void
  /** Everything that came so far. */
  received(): Buffer
  /** How many bytes that is. */
  count(): number
  /** Waits until at least `count` bytes came. */
  bytes(count: number): Promise<Buffer>
  /** Resolves when the server closed. */
  readonly closed: Promise<void>
}

export function rawClient(port: number): RawClient {
  const socket = connectSocket({ port, host: '127.0.0.1' })
  const chunks: Buffer[] = []
  let count = 0
  socket.on('data', (chunk) => {
    chunks.push(chunk)
    count += chunk.length
  })
  socket.on('error', () => {})
  const received = (): Buffer => Buffer.concat(chunks)
  return {
    socket,
    send(...parts) {
      socket.write(
        Buffer.concat(
          parts.map((part) =>
            typeof part === 'number' ? Buffer.from([part]) : Buffer.from(part as Uint8Array),
          ),
        ),
      )
    },
    received,
    count: () => count,
    async bytes(wanted) {
      await until(() => count >= wanted, `${wanted} bytes`)
      return received()
    },
    closed: new Promise((resolve) => socket.once('close', () => resolve())),
  }
}

/** Waits for a condition, at most 25 s. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what = 'a condition',
): Promise<void> {
  const deadline = Date.now() + 25_000
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`waited in vain for ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

const text = (value: string): Buffer => {
  const bytes = Buffer.from(value)
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes])
}

/** A CONNECT by hand, of MQTT 3.1.1 unless told otherwise. */
export function connectBytes(
  options: {
    version?: number
    clientId?: string
    clean?: boolean
    keepAliveS?: number
    username?: string
  } = {},
): Buffer {
  const {
    version = 4,
    clientId = 'raw',
    clean = true,
    keepAliveS = 60,
    username = 'acme/d1',
  } = options
  const body = Buffer.concat([
    text('MQTT'),
    Buffer.from([version, 0xc0 | (clean ? 2 : 0), keepAliveS >> 8, keepAliveS & 0xff]),
    Buffer.from(version === 5 ? [0] : []),
    text(clientId),
    text(username),
    text('secret'),
  ])
  return packetBytes(0x10, body)
}

/** A packet by hand. */
export function packetBytes(first: number, body: Uint8Array): Buffer {
  const length: number[] = []
  let rest = body.length
  do {
    length.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0))
    rest >>= 7
  } while (rest > 0)
  return Buffer.concat([Buffer.from([first, ...length]), body])
}

/** A PUBLISH by hand; `topic` may be bytes that are no text. */
export function publishBytes(
  topic: string | Uint8Array,
  payload: string,
  options: { qos?: number; packetId?: number; version?: number; flags?: number } = {},
): Buffer {
  const { qos = 0, packetId = 1, version = 4, flags = 0 } = options
  const name = Buffer.from(topic as string)
  const body = Buffer.concat([
    Buffer.from([name.length >> 8, name.length & 0xff]),
    name,
    Buffer.from(qos > 0 ? [packetId >> 8, packetId & 0xff] : []),
    Buffer.from(version === 5 ? [0] : []),
    Buffer.from(payload),
  ])
  return packetBytes(0x30 | (qos << 1) | flags, body)
}

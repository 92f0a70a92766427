import { type RefusalCode, refusalKinds, refusalOf } from '@pulse/contract'
import { uuidv7 } from '#platform'
import type { Device, DeviceLogin } from '#registry'
import { type ConnectWish, readConnect, refusalConnack } from './connect-packet.ts'
import { type Connection, type Ending, Pause } from './connection.ts'
import { type Core, count } from './core.ts'
import type { Frame } from './framing.ts'
import { resumeOutbound } from './outbound.ts'
import { encode } from './packets.ts'
import type { Session, Will } from './session.ts'
import type { KeptSession } from './session-store.ts'
import { readWill } from './will.ts'

/** Deals with the first packet of a connection. */
export function onConnect(core: Core, connection: Connection, frame: Frame): void {
  const wish = readConnect(frame, core.limits, () => `pulse-${uuidv7(core.clock.now())}`)
  if ('answer' in wish) {
    count(core, 'connect.protocol')
    if (wish.answer) connection.send(wish.answer)
    return connection.finish({ reason: 'protocol', detail: wish.detail })
  }
  connection.mode = 'opening'
  connection.version = wish.version
  connection.pause(Pause.busy)
  open(core, connection, wish).catch((error) => {
    core.log.warn({ err: error }, 'a session was not opened')
    turnAway(core, connection, 'connect.unavailable')
  })
}

const whys = {
  unknown: 'connect.unauthenticated',
  revoked: 'connect.revoked',
  suspended: 'connect.suspended',
} as const satisfies Record<(DeviceLogin & { ok: false })['why'], RefusalCode>

async function open(core: Core, connection: Connection, wish: ConnectWish): Promise<void> {
  const since = core.clock.now()
  const login = await core.directory.login(wish.username, wish.password)
  if (ended(connection)) return
  if (!login.ok) {
    await recordLogin(core, connection, wish, whys[login.why])
    return turnAway(core, connection, whys[login.why])
  }
  const will = wish.will && readWill(wish.will, login.device)
  if (typeof will === 'string') return turnAway(core, connection, 'connect.topic', will)
  const key = `${login.device.id}/${wish.clientId}`
  const opening = { key, device: login.device, wish, will, since }
  await core.serially(key, () => begin(core, connection, opening))
}

interface Opening {
  readonly key: string
  readonly device: Device
  readonly wish: ConnectWish
  readonly will: Will | undefined
  /** When its credentials were looked up, epoch milliseconds. */
  readonly since: number
}

/** Takes the session over, restores or makes it, and answers. Runs alone for each session. */
async function begin(core: Core, connection: Connection, opening: Opening): Promise<void> {
  const { key, device, wish } = opening
  const before = core.sessions.get(key)
  before?.connection?.end({
    reason: 'taken-over',
    code: 0x8e,
    detail: 'another connection took over the session',
    // A will that waits is withdrawn below; one without delay is due [MQTT-3.1.3-9].
  })
  if (before && !(await stored(core, before)))
    return turnAway(core, connection, 'connect.unavailable')
  const kept = await core.store.open({
    device,
    clientId: wish.clientId,
    protocol: wish.version,
    clean: wish.clean,
    expiryS: wish.expiryS,
  })
  const kicked = await kickedSince(core, device, opening.since)
  if (kicked || ended(connection)) {
    if (kicked) turnAway(core, connection, kicked)
    if (kept.id !== 0) await core.store.close(kept.id, wish.expiryS)
    return
  }
  withdrawWill(core, key, kept.present)
  welcome(core, connection, opening, kept)
}

/** Why a sign-in that was under way must not slip through. */
async function kickedSince(
  core: Core,
  device: Device,
  since: number,
): Promise<RefusalCode | undefined> {
  const tenant = await core.directory.tenant(device.tenant.key)
  if ((core.kicked.get(device.id) ?? 0) >= since) return 'connect.revoked'
  return tenant?.suspended === false ? undefined : 'connect.suspended'
}

const STORED_WITHIN_MS = 5000

/** Waits until the messages of QoS 2 of the earlier connection are settled: they may come again. */
function stored(core: Core, session: Session): Promise<boolean> {
  if (session.storing === 0) return Promise.resolve(true)
  return new Promise((resolve) => {
    const cancel = core.clock.after(STORED_WITHIN_MS, () => resolve(false))
    const forget = session.onStored
    session.onStored = () => {
      forget?.()
      cancel()
      resolve(true)
    }
  })
}

/** A session that goes on needs no will; one that began anew has ended, and its will is due. */
function withdrawWill(core: Core, key: string, resumed: boolean): void {
  const pending = core.wills.get(key)
  if (!pending) return
  core.wills.delete(key)
  pending(!resumed)
}

function welcome(core: Core, connection: Connection, opening: Opening, kept: KeptSession): void {
  const { key, device, wish, will } = opening
  const session: Session = {
    key,
    clientId: wish.clientId,
    id: kept.id,
    connection,
    expiryS: wish.expiryS,
    received: kept.received.length > 0 ? new Set(kept.received) : undefined,
    subscriptions: kept.subscriptions,
    will,
    storing: 0,
    onStored: undefined,
  }
  core.sessions.set(key, session)
  connection.session = session
  connection.device = device
  connection.sibling = core.devices.get(device.id)
  core.devices.set(device.id, connection)
  connection.receiveMaximum = wish.receiveMaximum
  connection.packetMaximum = wish.packetMaximum
  connection.explains = wish.explains
  connection.silenceMs = silenceOf(core, wish) * 1500
  connection.mode = 'open'
  core.signedIn(connection)
  core.counters.accepted++
  core.counters.connected++
  connection.send(connack(core, wish, kept))
  core.ingress.presence(device, true, {
    clientId: wish.clientId,
    protocol: protocolName(wish.version),
    address: connection.address ?? '',
  })
  resumeOutbound(core, connection)
  connection.unpause(Pause.busy)
}

export const protocolName = (version: number): string => (version === 5 ? 'mqtt-5' : 'mqtt-3.1.1')

const silenceOf = (core: Core, { keepAliveS, version }: ConnectWish): number => {
  const most = core.limits.keepAliveMaxS
  if (version === 4) return keepAliveS
  return keepAliveS === 0 || keepAliveS > most ? most : keepAliveS
}

function connack(core: Core, wish: ConnectWish, kept: KeptSession): Buffer {
  if (wish.version === 4) {
    return encode(4, { cmd: 'connack', returnCode: 0, sessionPresent: kept.present })
  }
  const silence = silenceOf(core, wish)
  return encode(5, {
    cmd: 'connack',
    reasonCode: 0,
    sessionPresent: kept.present,
    properties: {
      // Maximum QoS 2 is said by saying nothing [MQTT-3.2.2-9].
      retainAvailable: false,
      sharedSubscriptionAvailable: false,
      receiveMaximum: core.limits.receiveMaximum,
      maximumPacketSize: core.limits.packetBytes,
      topicAliasMaximum: core.limits.topicAliases,
      sessionExpiryInterval: wish.expiryS,
      ...(wish.assigned ? { assignedClientIdentifier: wish.clientId } : {}),
      ...(silence === wish.keepAliveS ? {} : { serverKeepAlive: silence }),
    },
  })
}

function turnAway(core: Core, connection: Connection, code: RefusalCode, detail?: string): void {
  if (ended(connection)) return
  count(core, code)
  const { kind, text } = refusalOf(code)
  const { connack: mqtt } = refusalKinds[kind].mqtt as { connack?: number }
  const answer = refusalConnack(
    connection.version,
    kind,
    mqtt ?? 0x80,
    `${code}: ${detail ?? text}`,
  )
  if (answer) connection.send(answer)
  connection.finish({ reason: 'refused', detail: code } satisfies Ending)
}

/** Records a failed sign-in where its tenant finds it, if the user name names one. */
async function recordLogin(
  core: Core,
  connection: Connection,
  wish: ConnectWish,
  code: RefusalCode,
): Promise<void> {
  const [tenantKey = '', deviceKey = ''] = wish.username.split('/', 2)
  const tenant = await core.directory.tenant(tenantKey)
  const device = tenant && (await core.directory.device(tenantKey, deviceKey))
  core.ingress.reject({
    tenant: tenant?.id,
    device,
    code,
    detail: `CONNECT as ${JSON.stringify(wish.username.slice(0, 128))}`,
    origin: { source: 'mqtt', topic: undefined, address: connection.address },
    payload: undefined,
    messageId: undefined,
  })
}

const ended = (connection: Connection): boolean => connection.mode === 'ended'

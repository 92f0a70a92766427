import type { ISubscribePacket, ISubscription, IUnsubscribePacket } from 'mqtt-packet'
import type { Device } from '#registry'
import { type Connection, Pause } from './connection.ts'
import type { Core } from './core.ts'
import type { Frame } from './framing.ts'
import { resumeOutbound } from './outbound.ts'
import { encode } from './packets.ts'
import { isFault, parse } from './parse.ts'
import type { Session } from './session.ts'
import { type FilterFault, prefixOf, readFilter, type Subscription } from './topic.ts'

const reasons: Readonly<Record<FilterFault | 'many', number>> = {
  malformed: 0x8f,
  foreign: 0x87,
  shared: 0x9e,
  many: 0x97,
}

/** SUBSCRIBE: what is granted is durable before SUBACK says so. */
export function onSubscribe(core: Core, connection: Connection, frame: Frame): void {
  const packet = parse<ISubscribePacket>(frame, connection.version)
  if (isFault(packet)) return connection.breach(packet.code, packet.detail)
  const identifier = packet.properties?.subscriptionIdentifier
  const fault = subscribeFault(packet, identifier)
  if (fault) return connection.breach(0x82, fault)

  const session = connection.session as Session
  const device = connection.device as Device
  const prefix = prefixOf(device.tenant.key, device.key)
  const merged = new Map(session.subscriptions.map((one) => [keyOf(one), one]))
  const granted: Subscription[] = []
  const codes = packet.subscriptions.map((wish) => {
    const made = grant(wish, prefix, identifier)
    if (typeof made === 'string') return codeOf(connection, reasons[made])
    if (!merged.has(keyOf(made)) && merged.size >= core.limits.subscriptions) {
      return codeOf(connection, reasons.many)
    }
    merged.set(keyOf(made), made)
    granted.push(made)
    return made.qos
  })
  const messageId = packet.messageId as number
  const answer = encode(connection.version, { cmd: 'suback', messageId, granted: codes })
  const done = (): void => {
    session.subscriptions = [...merged.values()]
    connection.send(answer)
    resumeOutbound(core, connection)
  }
  if (session.id === 0 || granted.length === 0) return done()
  const owner = { id: session.id, tenant: device.tenant.id }
  inOrder(core, connection, core.store.subscribe(owner, granted), done)
}

const keyOf = ({ filter, short }: Subscription): string => (short ? `~${filter}` : filter)

/** MQTT 3.1.1 knows one code for every refusal. */
const codeOf = ({ version }: Connection, code: number): number => (version === 4 ? 0x80 : code)

function grant(
  wish: ISubscription,
  prefix: string,
  identifier: number | undefined,
): Subscription | FilterFault {
  const read = readFilter(wish.topic, prefix)
  return typeof read === 'string' ? read : { ...read, qos: wish.qos === 0 ? 0 : 1, identifier }
}

function subscribeFault(
  packet: ISubscribePacket,
  identifier: number | undefined,
): string | undefined {
  if (!((packet.messageId ?? 0) > 0)) return 'a packet id is never 0'
  if (packet.subscriptions.length === 0) return 'SUBSCRIBE without a filter'
  if (identifier === 0) return 'a subscription identifier is never 0'
  return undefined
}

/** UNSUBSCRIBE. */
export function onUnsubscribe(core: Core, connection: Connection, frame: Frame): void {
  const packet = parse<IUnsubscribePacket>(frame, connection.version)
  if (isFault(packet)) return connection.breach(packet.code, packet.detail)
  const messageId = packet.messageId ?? 0
  if (!(messageId > 0)) return connection.breach(0x82, 'a packet id is never 0')
  if (packet.unsubscriptions.length === 0)
    return connection.breach(0x82, 'UNSUBSCRIBE without a filter')

  const session = connection.session as Session
  const device = connection.device as Device
  const prefix = prefixOf(device.tenant.key, device.key)
  const left = new Map(session.subscriptions.map((one) => [keyOf(one), one]))
  const gone: Subscription[] = []
  const codes = packet.unsubscriptions.map((topic) => {
    const read = readFilter(topic, prefix)
    const found =
      typeof read === 'string'
        ? undefined
        : left.get(keyOf({ ...read, qos: 0, identifier: undefined }))
    if (!found) return 0x11
    left.delete(keyOf(found))
    gone.push(found)
    return 0
  })
  const answer = encode(connection.version, { cmd: 'unsuback', messageId, granted: codes })
  const done = (): void => {
    session.subscriptions = [...left.values()]
    connection.send(answer)
  }
  if (session.id === 0 || gone.length === 0) return done()
  const owner = { id: session.id, tenant: device.tenant.id }
  const writes = gone.map(({ filter, short }) => core.store.unsubscribe(owner, filter, short))
  inOrder(core, connection, Promise.all(writes), done)
}

/** Reads no further packet until `work` is written; then answers. */
function inOrder(
  core: Core,
  connection: Connection,
  work: Promise<unknown>,
  done: () => void,
): void {
  connection.pause(Pause.busy)
  work.then(
    () => {
      if (connection.mode !== 'open') return
      done()
      connection.unpause(Pause.busy)
    },
    (error) => {
      core.log.warn({ err: error }, 'a subscription was not written')
      connection.refuse('connect.unavailable', 'unavailable')
    },
  )
}

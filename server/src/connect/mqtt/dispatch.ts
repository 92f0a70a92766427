import type { IDisconnectPacket } from 'mqtt-packet'
import { type Connection, Pause } from './connection.ts'
import type { Core } from './core.ts'
import type { Frame } from './framing.ts'
import { onConnect } from './open.ts'
import * as packets from './packets.ts'
import { isFault, parse } from './parse.ts'
import { onPublish, onPubrel } from './publish.ts'
import type { Session } from './session.ts'
import { onSubscribe, onUnsubscribe } from './subscribe.ts'

/** Deals with one packet of a client. The order of the cases is that of their frequency. */
export function dispatch(core: Core, connection: Connection, frame: Frame): void {
  const first = frame.bytes[frame.start] as number
  const type = first >> 4
  if (connection.mode === 'new') return onConnect(core, connection, frame)
  if (type === packets.PUBLISH) return onPublish(core, connection, frame)
  const flags = type === packets.PUBREL || type === 8 || type === 10 ? 2 : 0
  if ((first & 0x0f) !== flags)
    return connection.breach(0x81, 'reserved flags are set [MQTT-2.2.2]')
  switch (type) {
    case packets.PUBACK:
    case packets.PUBREL:
      return onAck(core, connection, type, frame)
    case packets.PINGREQ:
      if (frame.end !== frame.body) return connection.breach(0x81, 'PINGREQ has no body')
      return connection.pong()
    case packets.SUBSCRIBE:
      return onSubscribe(core, connection, frame)
    case packets.UNSUBSCRIBE:
      return onUnsubscribe(core, connection, frame)
    case packets.DISCONNECT:
      return onDisconnect(core, connection, frame)
    case packets.CONNECT:
      return connection.breach(0x82, 'a second CONNECT [MQTT-3.1.0-2]')
    default:
      return connection.breach(0x82, `a packet of type ${type} is none that Pulse awaits`)
  }
}

function onAck(
  core: Core,
  connection: Connection,
  type: number,
  { bytes, body, end }: Frame,
): void {
  const length = end - body
  if (length < 2 || (connection.version === 4 && length > 2)) {
    return connection.breach(0x81, 'an acknowledgement of a wrong length')
  }
  const packetId = bytes.readUInt16BE(body)
  if (packetId === 0) return connection.breach(0x82, 'a packet id is never 0')
  if (type === packets.PUBREL) return onPubrel(core, connection, packetId)
  connection.outbound?.acknowledged(packetId, length > 2 ? (bytes[body + 2] as number) : 0)
}

/** DISCONNECT: no will, unless MQTT 5 asks for it (0x04). It may shorten or lengthen the session. */
function onDisconnect(core: Core, connection: Connection, frame: Frame): void {
  if (connection.version === 4) {
    if (frame.end !== frame.body) return connection.breach(0x81, 'DISCONNECT has no body')
    return connection.end({ reason: 'disconnect', willing: false })
  }
  if (frame.end === frame.body) return connection.end({ reason: 'disconnect', willing: false })
  const packet = parse<IDisconnectPacket>(frame, 5)
  if (isFault(packet)) return connection.breach(packet.code, packet.detail)
  const session = connection.session as Session
  const expiryS = packet.properties?.sessionExpiryInterval
  if (expiryS !== undefined) {
    // A session that was to end with its connection cannot be kept now [MQTT-3.14.2-2].
    if (session.expiryS === 0 && expiryS > 0)
      return connection.breach(0x82, 'the session was not to be kept')
    session.expiryS = Math.min(expiryS, core.limits.sessionExpiryMaxS)
  }
  if (packet.reasonCode === 0x04) return connection.end({ reason: 'disconnect' })
  connection.end({ reason: 'disconnect', willing: false })
}

/** Goes on with those who were held up while the lanes were full. */
export function resumeCongested(core: Core): void {
  for (const connection of core.congested.splice(0)) {
    if (core.ingress.congested) {
      core.congested.push(connection)
      continue
    }
    connection.unpause(Pause.congested)
  }
}

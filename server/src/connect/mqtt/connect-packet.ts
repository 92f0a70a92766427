import { CONNACK_311, type RefusalKind } from '@pulse/contract'
import type { IConnectPacket } from 'mqtt-packet'
import type { Frame } from './framing.ts'
import type { GatewayLimits } from './limits.ts'
import { encode, type Version } from './packets.ts'
import { isFault, type PacketFault, parse } from './parse.ts'

/** A CONNECT that keeps the rules. */
export interface ConnectWish {
  readonly version: Version
  readonly clientId: string
  /** True when Pulse made the client id. */
  readonly assigned: boolean
  readonly clean: boolean
  readonly username: string
  readonly password: string
  readonly keepAliveS: number
  /** As granted, seconds. */
  readonly expiryS: number
  readonly receiveMaximum: number
  readonly packetMaximum: number
  readonly explains: boolean
  readonly will: NonNullable<IConnectPacket['will']> | undefined
}

/** A CONNECT that is refused: what is sent, if anything, before the connection ends. */
export interface ConnectFault {
  readonly answer: Buffer | undefined
  readonly detail: string
}

const LONGEST_CLIENT_ID = 256

/** Reads a CONNECT. `makeId` gives the client id of those who bring none. */
export function readConnect(
  frame: Frame,
  limits: GatewayLimits,
  makeId: () => string,
): ConnectWish | ConnectFault {
  const version = versionOf(frame)
  if (typeof version !== 'number') return version
  const packet = parse<IConnectPacket>(frame, version)
  if (isFault(packet)) return refuseConnect(version, packet)
  const fault = ruleFault(packet, version)
  if (fault) return refuseConnect(version, fault)
  if (packet.clientId === '' && version === 4 && !packet.clean) {
    return { answer: refusal(4, 0x85, 2, undefined), detail: 'a kept session needs a client id' }
  }
  return wishOf(packet, version, limits, makeId)
}

function wishOf(
  packet: IConnectPacket,
  version: Version,
  limits: GatewayLimits,
  makeId: () => string,
): ConnectWish {
  const given = packet.properties ?? {}
  const asked = version === 5 ? (given.sessionExpiryInterval ?? 0) : packet.clean ? 0 : Infinity
  return {
    version,
    clientId: packet.clientId === '' ? makeId() : packet.clientId,
    assigned: packet.clientId === '',
    clean: packet.clean === true,
    username: packet.username ?? '',
    password: packet.password?.toString() ?? '',
    keepAliveS: packet.keepalive ?? 0,
    expiryS: Math.min(asked, limits.sessionExpiryMaxS),
    receiveMaximum: given.receiveMaximum ?? 65_535,
    packetMaximum: given.maximumPacketSize ?? 0xffff_ffff,
    explains: given.requestProblemInformation !== false,
    will: packet.will,
  }
}

/** Reads protocol name and level by hand: what follows cannot be read without them [MQTT-3.1.2-1]. */
function versionOf({ bytes, body, end }: Frame): Version | ConnectFault {
  const nameEnd = body + 2 + ((bytes[body] as number) << 8) + (bytes[body + 1] as number)
  const name = bytes.toString('latin1', body + 2, Math.min(nameEnd, end))
  if (nameEnd >= end || (name !== 'MQTT' && name !== 'MQIsdp')) {
    return { answer: undefined, detail: 'this is no MQTT' }
  }
  const level = bytes[nameEnd]
  if (name === 'MQTT' && (level === 4 || level === 5)) return level
  // Those who know reason codes are told by one; older ones by return code 1.
  const answer =
    level !== undefined && level > 5
      ? refusal(5, 0x84, 1, undefined)
      : refusal(4, 0x84, 1, undefined)
  return { answer, detail: `MQTT of level ${level} is not spoken here, but 3.1.1 and 5` }
}

function ruleFault(packet: IConnectPacket, version: Version): PacketFault | undefined {
  const { properties, will } = packet
  if (properties?.receiveMaximum === 0) return { code: 0x82, detail: 'a receive maximum of 0' }
  if (properties?.maximumPacketSize === 0)
    return { code: 0x82, detail: 'a maximum packet size of 0' }
  if (properties?.authenticationMethod !== undefined) {
    return { code: 0x8c, detail: 'there is no extended authentication' }
  }
  if (will && (will.qos ?? 0) > 2) return { code: 0x81, detail: 'there is no QoS 3' }
  if (will?.retain && version === 5) return { code: 0x9a, detail: 'retained messages are not kept' }
  if (version === 4 && packet.password !== undefined && packet.username === undefined) {
    return { code: 0x81, detail: 'a password without a user name' }
  }
  if (Buffer.byteLength(packet.clientId) > LONGEST_CLIENT_ID) {
    return { code: 0x85, detail: `a client id may have ${LONGEST_CLIENT_ID} bytes` }
  }
  return undefined
}

/** MQTT 3.1.1 has a return code for a bad client id, and for the other faults only the end. */
function refuseConnect(version: Version, { code, detail }: PacketFault): ConnectFault {
  const code311 = code === 0x85 ? 2 : undefined
  return { answer: refusal(version, code, code311, `connect.protocol: ${detail}`), detail }
}

/** The CONNACK of a refusal of `kind`; undefined where 3.1.1 has none. */
export const refusalConnack = (
  version: Version,
  kind: RefusalKind,
  code: number,
  reason: string,
): Buffer | undefined => refusal(version, code, CONNACK_311[kind], reason)

function refusal(
  version: Version,
  code: number,
  code311: number | undefined,
  reason: string | undefined,
): Buffer | undefined {
  if (version === 5) {
    const properties = reason === undefined ? {} : { properties: { reasonString: reason } }
    return encode(5, { cmd: 'connack', sessionPresent: false, reasonCode: code, ...properties })
  }
  if (code311 === undefined) return undefined
  return encode(4, { cmd: 'connack', sessionPresent: false, returnCode: code311 })
}
